#include "daemon/core/bridged.h"

#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
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
        return true;
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
