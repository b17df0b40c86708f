/* moderation.h - what of bans, mutes, doors and roles was committed, and since which turn the gateway knows it:
 * nobody who is kept out gets a word in by any door, nobody else is kept out, and what a room gave
 * somebody stays theirs whatever they are called. */
#ifndef HEARTH_TESTS_SIMULATION_MODERATION_H
#define HEARTH_TESTS_SIMULATION_MODERATION_H

#include "tests/simulation/world.h"

struct moderation; /* owned by the world */

struct moderation *moderation_begin(struct world *world);
void moderation_finish(struct moderation *moderation);

/* Whoever was refused as banned or muted is, or was when it was asked. */
void moderation_check_refusal(const struct client *client, const char *code, const struct pending *asked);

/* Whoever is welcome, asking in that turn, was not banned all the time from then on. */
void moderation_check_welcome(const struct client *client, int64_t asked_turn);

/* At the end: what rooms gave is what is stored, for everybody. */
void moderation_check_end(const struct world *world);

/* Asks something of it: what the gateway's moderators may, and everybody tries. */
void moderation_act(struct client *client, const char *user);

#endif
