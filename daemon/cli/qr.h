/* qr.h - a text as a QR code, for a phone's camera in front of a terminal. */
#ifndef HEARTH_CLI_QR_H
#define HEARTH_CLI_QR_H

#include <stdbool.h>
#include <stdio.h>

#define QR_SIZE_MAX 37

struct qr {
    int size;                                   /* cells a side */
    unsigned char cells[QR_SIZE_MAX][QR_SIZE_MAX]; /* [y][x]: 1 is dark */
};

/* Byte mode, error correction L, versions 1 to 5, as ISO/IEC 18004 says. False for more than 106 bytes. */
bool qr_make(const char *text, struct qr *qr);

/* With blocks of two cells each and a quiet zone; light cells are drawn, as terminals are dark. */
void qr_print(const struct qr *qr, FILE *out);

#endif
