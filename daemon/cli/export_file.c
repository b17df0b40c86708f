#include "daemon/cli/export_file.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/crc32.h"

#define PIECE_BYTES sizeof(((struct import_file *)0)->held) /* a multiple of three: Base64 without padding but for the last */
#define CODED_BYTES (PIECE_BYTES / 3 * 4)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- Base64 --------------------------------------------------------------------------------------- */

static void encode(const unsigned char *bytes, size_t length, char out[CODED_BYTES + 1])
{
    for (size_t i = 0; i < length; i += 3, out += 4) {
        size_t left = length - i;
        unsigned long group = (unsigned long)bytes[i] << 16 | (left > 1 ? (unsigned long)bytes[i + 1] << 8 : 0) |
                              (left > 2 ? bytes[i + 2] : 0UL);
        for (int j = 0; j < 4; j++)
            out[j] = (size_t)j <= left ? alphabet[group >> (18 - 6 * j) & 63] : '=';
    }
    *out = '\0';
}

/* Gives how many bytes; 0: it is no Base64, or too long. */
static size_t decode(const char *text, unsigned char out[PIECE_BYTES])
{
    size_t length = strlen(text), count = 0;
    unsigned long group = 0;
    if (length == 0 || length % 4 != 0 || length > CODED_BYTES)
        return 0;
    for (size_t i = 0; i < length; i++) {
        const char *found = text[i] == '=' ? alphabet : strchr(alphabet, text[i]);
        if (!found)
            return 0;
        group = group << 6 | (unsigned long)(found - alphabet);
        for (int shift = 16; i % 4 == 3 && shift >= 0; shift -= 8)
            out[count++] = (unsigned char)(group >> shift);
    }
    return count - (text[length - 1] == '=') - (text[length - 2] == '=');
}

/* --- writing -------------------------------------------------------------------------------------- */

static void write_line(struct export_out *out, json_t *line)
{
    export_line(out, line);
    json_decref(line);
}

static enum exit_code write_pieces(struct client *client, struct export_out *out, uint32_t *sum)
{
    unsigned char piece[PIECE_BYTES];
    char coded[CODED_BYTES + 1];
    ssize_t got = 1;
    for (size_t have = 0; got > 0 || have > 0;) {
        got = client_read(client, (char *)piece + have, sizeof piece - have);
        have += got > 0 ? (size_t)got : 0;
        if (got < 0)
            return complain(EXIT_NO_DAEMON, "a file cannot be read: the gateway has hung up.");
        if (have == sizeof piece || (got == 0 && have > 0)) {
            encode(piece, have, coded);
            *sum = crc32_add(*sum, piece, have);
            write_line(out, json_pack("{s:s}", "data", coded));
            have = 0;
        }
    }
    return EXIT_DONE;
}

static enum exit_code write_file(const struct invocation *invocation, json_int_t seq, const char *id, const char *name,
                                 struct export_out *out)
{
    struct client client;
    uint32_t sum = 0;
    char path[128];
    snprintf(path, sizeof path, "/admin/v1/files/%.32s/export", id);
    enum exit_code code = invocation_open_body(invocation, path, &client);
    if (code != EXIT_DONE)
        return code;
    write_line(out, json_pack("{s:s, s:I, s:s, s:s, s:I}", "kind", "file", "seq", seq, "id", id, "name", name, "size",
                              (json_int_t)client.left));
    code = write_pieces(&client, out, &sum);
    export_check(out, sum);
    client_close(&client);
    return code;
}

enum exit_code export_files(const struct invocation *invocation, const json_t *row, struct export_out *out)
{
    enum exit_code code = EXIT_DONE;
    const json_t *file;
    size_t i;
    json_array_foreach(json_object_get(row, "files"), i, file)
    {
        const char *preview = text_of(file, "preview"), *name = text_of(file, "name");
        if (code == EXIT_DONE && !json_is_true(json_object_get(file, "gone")))
            code = write_file(invocation, number_of(row, "seq"), text_of(file, "id"), name, out);
        if (code == EXIT_DONE && preview[0])
            code = write_file(invocation, number_of(row, "seq"), preview, name, out);
    }
    return code;
}

/* --- reading -------------------------------------------------------------------------------------- */

static enum exit_code begin(struct import_file *file, const struct invocation *invocation, const char *room,
                            const json_t *line)
{
    char encoded_room[1024], name[1024], path[2200];
    snprintf(file->id, sizeof file->id, "%s", text_of(line, "id"));
    if (file->is_skipped || file->left == 0)
        return EXIT_DONE;
    if (!encode_path(room, encoded_room, sizeof encoded_room) || !encode_path(text_of(line, "name"), name, sizeof name))
        return complain(EXIT_REFUSED, "the name of the room or a file is too long.");
    snprintf(path, sizeof path, "/admin/v1/rooms/%s/files?name=%s", encoded_room, name);
    return invocation_offer_body(invocation, path, file->left, &file->client);
}

static enum exit_code finish(struct import_file *file, const struct invocation *invocation)
{
    json_t *reply;
    enum exit_code code = invocation_finish_body(invocation, &file->client, &reply);
    if (code == EXIT_DONE)
        json_object_set(file->ids, file->id, json_object_get(json_object_get(reply, "file"), "id"));
    json_decref(reply);
    return code;
}

/* A gateway that wants no more says why at the end. */
static enum exit_code take_piece(struct import_file *file, const json_t *line)
{
    size_t length = decode(text_of(line, "data"), file->held);
    if (length == 0 || (json_int_t)length > file->left)
        return complain(EXIT_REFUSED, "a piece of a file is damaged.");
    file->left -= (json_int_t)length;
    file->sum = crc32_add(file->sum, file->held, length);
    if (file->left == 0)
        file->held_bytes = length;
    else if (!file->is_skipped)
        (void)client_send(&file->client, (const char *)file->held, length);
    return EXIT_DONE;
}

enum exit_code import_file_check(struct import_file *file, const struct invocation *invocation)
{
    size_t length = file->held_bytes;
    file->held_bytes = 0;
    if (length == 0 || file->is_skipped)
        return EXIT_DONE;
    (void)client_send(&file->client, (const char *)file->held, length);
    return finish(file, invocation);
}

enum exit_code import_file_line(struct import_file *file, const struct invocation *invocation, const char *room,
                                json_int_t last, const json_t *line, bool *is_taken)
{
    bool begins = strcmp(text_of(line, "kind"), "file") == 0;
    *is_taken = true;
    if (file->left > 0)
        return begins ? complain(EXIT_REFUSED, "a file breaks off.") : take_piece(file, line);
    *is_taken = begins;
    if (!begins)
        return EXIT_DONE;
    if (!file->ids)
        file->ids = json_object();
    file->left = number_of(line, "size");
    file->sum = 0;
    file->is_skipped = number_of(line, "seq") <= last;
    return begin(file, invocation, room, line);
}

static void rename_one(const json_t *ids, json_t *file, const char *key)
{
    json_t *id = json_object_get(ids, text_of(file, key));
    if (id)
        json_object_set(file, key, id);
    else if (strcmp(key, "preview") == 0)
        json_object_del(file, key);
}

void import_file_rename(struct import_file *file, json_t *row)
{
    json_t *line;
    size_t i;
    json_array_foreach(json_object_get(row, "files"), i, line)
    {
        rename_one(file->ids, line, "id");
        rename_one(file->ids, line, "preview");
    }
    if (file->ids && i > 0)
        json_object_clear(file->ids);
}

void import_file_end(struct import_file *file)
{
    if ((file->left > 0 || file->held_bytes > 0) && !file->is_skipped)
        client_close(&file->client);
    json_decref(file->ids);
}

static json_t *without_names(const json_t *row)
{
    json_t *copy = json_deep_copy(row), *file;
    size_t i;
    json_array_foreach(json_object_get(copy, "files"), i, file)
    {
        json_object_del(file, "id");
        json_object_del(file, "preview");
        json_object_del(file, "gone");
    }
    return copy;
}

bool rows_are_equal(const json_t *one, const json_t *other)
{
    json_t *first = without_names(one), *second = without_names(other);
    bool are_equal = json_equal(first, second);
    json_decref(first);
    json_decref(second);
    return are_equal;
}
