#include "daemon/core/bridged.h"

#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/sanction.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"

#include <stdio.h>
#include <string.h>

static const char *first_field(const struct bridged *bridged)
{
    return bridged->as       ? "as"
           : bridged->via    ? "via"
           : bridged->origin ? "origin"
                             : bridged->target_origin ? "target_origin" : NULL;
}

static bool is_via(const char *via)
{
    return via[0] && via[strspn(via, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* The name as sign_as makes it, without the bridge's behind an @. */
int64_t bridged_person(const struct gateway *gateway, const char *from)
{
    size_t most = (size_t)gateway->config->limits.name_characters;
    char base[NAME_BYTES_MAX + 1], name[NAME_BYTES_MAX + 1], folded[NAME_BYTES_MAX + 1];
    snprintf(base, sizeof base, "%.*s", (int)strcspn(from, "@"), from);
    if (!name_make(base[0] ? base : from, most, name) || !name_fold(name, folded))
        return 0;
    return (int64_t)(gateway_mark(gateway, false, folded, strlen(folded)) >> 2) + 1;
}

/* As one of those whom the bridge shows. */
static bool may_speak(const struct ask *ask, const char *as, struct refusal *refusal)
{
    const struct gateway *gateway = ask->gateway;
    int64_t user_id = session_user_id(ask->session), person = bridged_person(gateway, as);
    int64_t banned = sanction_until_behind(gateway, user_id, person, ask->room->id, SANCTION_BAN);
    int64_t muted = sanction_until_behind(gateway, user_id, person, ask->room->id, SANCTION_MUTE);
    if (banned || muted)
        refuse(refusal, banned ? ERROR_banned : ERROR_muted, "as", "This person may not speak here.");
    return !banned && !muted;
}

bool bridged_check(const struct ask *ask, const struct bridged *bridged, struct refusal *refusal)
{
    const struct token *token = token_of(ask->session);
    const char *field = first_field(bridged);
    if (!field)
        return true;
    if (!token || (token->row.role != TOKEN_ROLE_BRIDGE && token->row.role != TOKEN_ROLE_HOOK)) {
        refuse(refusal, ERROR_forbidden, field, "Only a bridge may say this.");
        return false;
    }
    if (!bridged->via || is_via(bridged->via))
        return !bridged->as || may_speak(ask, bridged->as, refusal);
    refuse(refusal, ERROR_bad_request, "via", "via is of a-z, 0-9 and -.");
    return false;
}

/* Until it is stored nobody knows whether a user is called so: then the alias is taken, which has an @
 * and so is nobody's name. */
static void sign_as(const struct ask *ask, const char *as, struct job *job)
{
    size_t most = (size_t)ask->gateway->config->limits.name_characters;
    const char *bridge = token_of(ask->session)->row.name;
    char name[NAME_BYTES_MAX + 1], folded[NAME_BYTES_MAX + 1], alias[2 * NAME_BYTES_MAX + 2];
    struct job_append *append = &job->append;
    if (!name_make(as, most, name) || !name_fold(name, folded))
        return;
    snprintf(alias, sizeof alias, "%s@%s", name, bridge);
    bool is_reserved = name_is_reserved(folded);
    append->entry.from = job_text(job, is_reserved ? alias : name);
    if (is_reserved)
        return;
    append->alias = job_text(job, alias);
    append->folded = job_text(job, folded);
}

void bridged_sign(const struct ask *ask, const struct bridged *bridged, struct job *job)
{
    if (bridged->as)
        sign_as(ask, bridged->as, job);
    if (bridged->via)
        job->append.entry.via = job_text(job, bridged->via);
    job->append.entry.origin = job_clean_text(job, bridged->origin, TEXT_LINE);
    job->append.target_origin = job_clean_text(job, bridged->target_origin, TEXT_LINE);
}
