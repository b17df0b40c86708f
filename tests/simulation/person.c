/* person.c - what a client is as a person: called otherwise, on another device, with one device less. */
#include "tests/simulation/moderation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *field)
{
    return json_string_value(json_object_get(object, field));
}

/* Three devices at two addresses, for all of them. */
struct marks client_marks(const struct client *client)
{
    if (client->world->is_exempt)
        return (struct marks){0};
    return (struct marks){.device = 100 + (uint64_t)client->number % 5,
                          .address = 200 + (uint64_t)client->number % 3};
}

/* As another device of somebody else, whose code it was given. */
void person_move_in(struct client *client)
{
    struct world *world = client->world;
    client_ask(client, REQUEST_hello, "\"code\":\"%s\"", world->move_code);
    client->pending[client->pending_count - 1].user_id = world->move_user_id;
    world->move_code[0] = '\0';
}

/* The person: another name, another device, one device less. */
void person_act(struct client *client)
{
    struct world *world = client->world;
    struct pending *pending;
    switch (chance_below(&world->chance, 5)) {
    case 0:
        client_ask(client, REQUEST_move, "%s", "");
        break;
    case 1:
        if (client->device_id)
            client_ask(client, REQUEST_forget_device, "\"id\":%" PRId64, client->device_id);
        break;
    case 2:
        client_ask(client, REQUEST_devices, "%s", "");
        break;
    default:
        /* now and then one that is somebody's, or was */
        pending = client_ask(client, REQUEST_rename, "\"name\":\"u%" PRId64 "\"",
                      chance_below(&world->chance, happens(world, 30) ? world->client_count : 100000));
        sscanf(strstr(client->outbox[client->outbox_count - 1], "name\":\"") + 7, "%31[^\"]",
               pending->name);
        break;
    }
}

/* A conversation is found by a name that one of the two had before; it is called as they are now. */
struct view *person_view(struct client *client, struct view *view, const char *room)
{
    for (size_t i = 0; i < client->view_count; i++)
        if (strcmp(client->views[i].room, room) == 0)
            return &client->views[i];
    snprintf(view->room, sizeof view->room, "%s", room);
    return view;
}

void person_receive_move(struct client *client, const json_t *message)
{
    struct world *world = client->world;
    snprintf(world->move_code, sizeof world->move_code, "%s", text_of(message, "code"));
    world->move_user_id = client->user_id;
}

void person_receive_devices(struct client *client, const json_t *message)
{
    const json_t *devices = json_object_get(message, "devices");
    size_t count = json_array_size(devices);
    client->device_id = count ? json_integer_value(json_object_get(json_array_get(devices, count - 1), "id")) : 0;
}

/* A direct room is called as its two are now; what was seen under that name before was another's. */
void person_receive_room(struct client *client, const json_t *message)
{
    const char *was = text_of(message, "was"), *name = text_of(message, "name");
    struct view *view = NULL;
    for (size_t i = 0; i < client->view_count; i++) {
        struct view *each = &client->views[i];
        if (strcmp(each->room, was) == 0)
            view = each;
        else if (strcmp(each->room, name) == 0)
            snprintf(each->room, sizeof each->room, "nowhere");
    }
    if (view)
        snprintf(view->room, sizeof view->room, "%s", name);
}
