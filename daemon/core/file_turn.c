#include "daemon/core/file_turn.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/submit.h"

#include <utlist.h>

#define RETRY_MS 50

struct step_context {
    struct job_context job;
    uint32_t number;
};

static finish_job finish;

static bool begin(struct gateway *gateway, struct file_turn *turn)
{
    struct file_turns *turns = &gateway->files.turns;
    struct job *job = turn->make(turn);
    struct step_context *context = submit_context(job, sizeof *context);
    if (context)
        context->number = ++turns->number_last;
    if (!gateway_submit(gateway, job, finish))
        return false;
    turns->steps++;
    turn->number = turns->number_last;
    return true;
}

static void go_on(struct gateway *gateway)
{
    struct file_turns *turns = &gateway->files.turns;
    turns->is_stuck = false;
    while (turns->waiting && turns->steps < FILE_TURNS_MAX) {
        struct file_turn *turn = turns->waiting;
        if (!begin(gateway, turn)) {
            turns->is_stuck = true;
            return;
        }
        DL_DELETE(turns->waiting, turn);
        DL_APPEND(turns->under_way, turn);
        turn->phase = TURN_UNDER_WAY;
    }
}

static void finish(struct gateway *gateway, struct job *job)
{
    struct file_turns *turns = &gateway->files.turns;
    const struct step_context *context = job->context;
    struct file_turn *turn;
    turns->steps--;
    DL_SEARCH_SCALAR(turns->under_way, turn, number, context->number);
    if (turn) {
        file_turn_drop(gateway, turn);
        turn->take(gateway, turn, job);
    }
    go_on(gateway);
}

void file_turn_ask(struct gateway *gateway, struct file_turn *turn)
{
    DL_APPEND(gateway->files.turns.waiting, turn);
    turn->phase = TURN_WAITS;
    go_on(gateway);
}

void file_turn_drop(struct gateway *gateway, struct file_turn *turn)
{
    struct file_turns *turns = &gateway->files.turns;
    if (turn->phase == TURN_WAITS)
        DL_DELETE(turns->waiting, turn);
    else if (turn->phase == TURN_UNDER_WAY)
        DL_DELETE(turns->under_way, turn);
    turn->phase = TURN_IDLE;
}

int64_t file_turns_retry(struct gateway *gateway)
{
    if (gateway->files.turns.is_stuck)
        go_on(gateway);
    return gateway->files.turns.is_stuck ? RETRY_MS : INT64_MAX;
}
