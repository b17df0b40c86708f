/* visitor.c - who asks something of a room without being in it: what the room remembers about the user
 * is read first, and then the request is dispatched once more, by one who is a member for so long. */
#include "daemon/core/state.h"

#include <string.h>

/* job->asker.detail of a visit: how many grants of the room had changed when it was asked. */
enum { VISIT_GRANTS };

void visit(struct session *session, const struct request *request, const struct room *room)
{
    struct gateway *gateway = session->gateway;
    struct job *job = job_create(JOB_JOIN);
    if (job) {
        char *frame = job_memory(job, gateway->frame_length + 1);
        if (frame)
            memcpy(frame, gateway->frame, gateway->frame_length);
        job->frame = frame;
        job->page.room_id = room->id;
        job->page.user_id = session_user_id(session);
        job->page.up_to = room->last;
        job->page.first = room->first;
        job->page.pruned = room->pruned;
        job->asker.detail[VISIT_GRANTS] = room->grants_changed;
    }
    (void)gateway_submit(gateway, session, request, job);
}

bool visit_answer(struct gateway *gateway, struct session *session, struct job *job)
{
    if (job->kind != JOB_JOIN)
        return false;
    if (!session || session->is_closing)
        return true;
    struct room *room = room_find_id(gateway, job->page.room_id);
    if (job->result == JOB_DONE && !room)
        job->result = JOB_ROOM_MISSING;
    /* It is on its way into storage, where nobody has been granted anything there yet. */
    bool is_too_early = job->result == JOB_ROOM_MISSING && room;
    if (job->result != JOB_DONE && !is_too_early) {
        session_fail_job(session, job);
        return true;
    }
    struct member visitor = {.session = session, .room = room, .grant = job->page.grant};
    /* A ban that was told meanwhile must not be overlooked: then it is asked once more. */
    bool is_fresh = job->asker.detail[VISIT_GRANTS] == room->grants_changed &&
                    (!is_too_early || room->is_storing);
    session->visitor = is_fresh ? &visitor : NULL;
    dispatch_again(gateway, session, job->frame);
    session->visitor = NULL;
    return true;
}

void answer_visit(struct gateway *gateway, struct session *session, struct job *job)
{
    (void)visit_answer(gateway, session, job);
}
