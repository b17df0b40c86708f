/* Runs one fuzz target over each file of the folders that are named: what a fuzzer once found stays
 * found, under any compiler. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX 1048576

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    if (!file || !bytes) {
        fprintf(stderr, "%s cannot be read.\n", path);
        exit(1);
    }
    size_t length = fread(bytes, 1, FILE_BYTES_MAX, file);
    fclose(file);
    /* exactly as long as it is, so that reading beyond it is seen */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    for (size_t i = 0; exact && i < length; i++)
        exact[i] = bytes[i];
    free(bytes);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        for (struct dirent *entry; folder && (entry = readdir(folder));) {
            if (entry->d_name[0] != '.')
                count += replay(argv[i], entry->d_name);
        }
        if (folder)
            closedir(folder);
    }
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1; /* an empty corpus proves nothing */
}
