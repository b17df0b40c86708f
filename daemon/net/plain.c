#include "daemon/net/plain.h"

#include <string.h>

#include "protocol/message.h"

#define PREFIX "/ws/"
#define DIGITS_MAX 16

bool plain_client_id(const char *path, int64_t *client_id)
{
    if (strncmp(path, PREFIX, strlen(PREFIX)) != 0)
        return false;
    const char *digits = path + strlen(PREFIX);
    bool is_negative = *digits == '-';
    digits += is_negative;
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > DIGITS_MAX || digits[length] != '\0')
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value = value * 10 + (digits[i] - '0');
    if (value > SEQ_MAX)
        return false;
    *client_id = is_negative ? -value : value;
    return true;
}
