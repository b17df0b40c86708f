/* Preloaded: adjtimex as a kernel answers whose clock a time service keeps, while the file that
 * HEARTH_TEST_SYNCHRONISED names is there, and as one whose clock nobody keeps while it is not. */
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

int adjtimex(struct timex *state)
{
    const char *file = getenv("HEARTH_TEST_SYNCHRONISED");
    int is_synchronised = file && access(file, F_OK) == 0;
    memset(state, 0, sizeof *state);
    state->status = is_synchronised ? STA_PLL : STA_UNSYNC;
    return is_synchronised ? TIME_OK : TIME_ERROR;
}
