/* mention.h - who a text calls: @ and the longest name known in the room, compared by name_fold, where
 * no letter of the same script goes on behind it (particles of Korean and Japanese may); outside code,
 * links and quotes. protocol/README.md has the rule in words; web/src/markup.ts and mention.ts draw by
 * it. No state, any thread. */
#ifndef HEARTH_PROTOCOL_MENTION_H
#define HEARTH_PROTOCOL_MENTION_H

#include <stdbool.h>
#include <stddef.h>

/* True when text (UTF-8) calls the user of this folded name. longer: the folded names of others in the
 * room that begin with it, so that "@mina-2" is not taken for mina. Never fails; a text that is no UTF-8
 * calls nobody from the broken place on. Takes time in proportion to the length of text. */
bool mention_calls(const char *text, const char *folded, const char *const *longer, size_t count);

#endif
