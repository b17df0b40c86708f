#include "daemon/bridge/mesh/known.h"

#include <stdio.h>
#include <string.h>

#define MARK " (mesh)"

void known_add(struct known *known, size_t room, int64_t seq, uint32_t id)
{
    known->messages[known->next] = (struct known_message){.id = id, .room = room, .seq = seq};
    known->next = (known->next + 1) % KNOWN_MESSAGES_MAX;
}

int64_t known_seq(const struct known *known, size_t room, uint32_t id)
{
    for (size_t i = 0; id != 0 && i < KNOWN_MESSAGES_MAX; i++)
        if (known->messages[i].id == id && known->messages[i].room == room)
            return known->messages[i].seq;
    return 0;
}

uint32_t known_id(const struct known *known, size_t room, int64_t seq)
{
    for (size_t i = 0; seq != 0 && i < KNOWN_MESSAGES_MAX; i++) {
        const struct known_message *message = &known->messages[(known->next + i) % KNOWN_MESSAGES_MAX];
        if (message->seq == seq && message->room == room)
            return message->id;
    }
    return 0;
}

/* The node's place, or that of whom was heard longest ago. */
static struct known_node *find(struct known *known, uint32_t number)
{
    struct known_node *oldest = &known->nodes[0];
    for (size_t i = 0; i < KNOWN_NODES_MAX; i++) {
        struct known_node *node = &known->nodes[i];
        if (node->number == number)
            return node;
        if (node->heard < oldest->heard)
            oldest = node;
    }
    return oldest;
}

void known_name(struct known *known, uint32_t number, const char *name)
{
    struct known_node *node = find(known, number);
    if (!name[0])
        return;
    *node = (struct known_node){.number = number, .heard = ++known->heard};
    snprintf(node->name, sizeof node->name, "%s", name);
}

void known_shown(struct known *known, uint32_t number, char out[KNOWN_NAME_BYTES + 8])
{
    struct known_node *node = find(known, number);
    char id[NODE_ID_BYTES];
    node_id(number, id);
    bool is_known = node->number == number && node->name[0];
    if (is_known)
        node->heard = ++known->heard;
    snprintf(out, KNOWN_NAME_BYTES + 8, "%s" MARK, is_known ? node->name : id);
}

void known_unshown(const char *shown, char out[KNOWN_NAME_BYTES])
{
    size_t length = strlen(shown), mark = strlen(MARK);
    bool is_shown = length > mark && strcmp(shown + length - mark, MARK) == 0 && shown[0] != '!';
    snprintf(out, KNOWN_NAME_BYTES, "%.*s", is_shown ? (int)(length - mark) : 0, shown);
}
