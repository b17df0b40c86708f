#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/tls/x509.h"

static void a_date_is_the_same_there_and_back(void **state)
{
    static const int64_t times[] = {0, INT64_C(951782400000), INT64_C(1709164800000), INT64_C(1798761599000),
                                    INT64_C(2524607999000), INT64_C(4107542400000)};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char date[X509_DATE_BYTES];
        mbedtls_x509_time parts;
        x509_date(times[i], date);
        assert_int_equal(sscanf(date, "%4d%2d%2d%2d%2d%2d", &parts.year, &parts.mon, &parts.day, &parts.hour,
                                &parts.min, &parts.sec), 6);
        assert_true(x509_time_ms(&parts) == times[i]);
    }
}

static void what_is_no_certificate_is_none(void **state)
{
    static const char *const texts[] = {"", "x", "-----BEGIN CERTIFICATE-----\n",
                                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mbedtls_x509_crt certificate;
        mbedtls_x509_crt_init(&certificate);
        assert_int_equal(x509_parse(&certificate, texts[i]), 0);
        mbedtls_x509_crt_free(&certificate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_is_the_same_there_and_back),
        cmocka_unit_test(what_is_no_certificate_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
