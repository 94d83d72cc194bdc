#include "milestones.h"
#include <string.h>
#include "domain/channel.h"

#define ROW(asked, milestone, to, channel, when) {asked, milestone, TO_##to, PB_CHANNEL(channel), NOTICE_##when}
/* What an approval tells the parties, whatever way the citizen is told. */
#define APPROVAL(asked)                                                                                               \
    ROW(asked, "N-03", APPLICANT, ACCOUNT, ALWAYS),                                                                   \
    ROW(asked, "N-09", OLD_CLINIC, SYSTEM, OLD_CLINIC),                                                               \
    ROW(asked, "N-10", NEW_CLINIC, SYSTEM, ALWAYS),                                                                   \
    ROW(asked, "N-11", INSURER, SYSTEM, INSURER),                                                                     \
    ROW(asked, "N-12", TFOMS, SYSTEM, ALWAYS)

const struct notice_row notice_rows[] = {
    ROW("N-01", "N-01", APPLICANT, ACCOUNT, ALWAYS),
    ROW("N-01", "N-01", APPLICANT, EMAIL, ALWAYS),
    ROW("N-02", "N-02", APPLICANT, SCREEN, ALWAYS),
    ROW("N-03", "N-03", APPLICANT, ACCOUNT, ALWAYS),
    ROW("N-03", "N-03", APPLICANT, EMAIL, ALWAYS),
    ROW("N-03", "N-02", APPLICANT, SCREEN, GATED),
    ROW("N-05", "N-05", APPLICANT, ACCOUNT, ALWAYS),
    ROW("N-05", "N-05", APPLICANT, EMAIL, ALWAYS),
    ROW("N-05", "N-05", APPLICANT, SMS, ALWAYS),
    ROW("N-06", "N-06", APPLICANT, ACCOUNT, ALWAYS),
    ROW("N-06", "N-06", APPLICANT, EMAIL, ALWAYS),
    ROW("N-06", "N-06", APPLICANT, SMS, ALWAYS),
    APPROVAL("N-06"),
    ROW("N-07", "N-07", APPLICANT, ACCOUNT, ALWAYS),
    ROW("N-07", "N-07", APPLICANT, SMS, ALWAYS),
    ROW("N-07", "N-07", APPLICANT, EMAIL, ALWAYS),
    APPROVAL("N-07"),
    ROW("N-08", "N-08", APPLICANT, ACCOUNT, ALWAYS),
    ROW("N-08", "N-08", APPLICANT, EMAIL, ALWAYS),
    ROW("N-08", "N-08", APPLICANT, SMS, FALLBACK),
};
const size_t notice_rows_n = sizeof notice_rows / sizeof notice_rows[0];

bool milestone_known(const char *milestone)
{
    for (size_t i = 0; i < notice_rows_n; i++)
        if (strcmp(notice_rows[i].asked, milestone) == 0)
            return true;
    return false;
}

const char *milestone_of(const PB(NotificationRequested) * r)
{
    if (!milestone_known(r->milestone))
        return NULL;
    bool in_person = r->case_->application && channel_of(r->case_->application->source) == CHANNEL_IN_PERSON;
    return in_person && strcmp(r->milestone, "N-06") == 0 ? "N-07" : r->milestone;
}

const char *recipient_name(enum recipient r)
{
    static const char *const names[RECIPIENT_N] = {
        [TO_APPLICANT] = "APPLICANT", [TO_OLD_CLINIC] = "OLD_CLINIC", [TO_NEW_CLINIC] = "NEW_CLINIC",
        [TO_INSURER] = "INSURER",     [TO_TFOMS] = "TFOMS",
    };
    must(r < RECIPIENT_N);
    return names[r];
}

const char *channel_code(PB(Channel) channel)
{
    static const char *const codes[PB_CHANNEL_N] = {
#define X(id, code) [PB_CHANNEL(id)] = code,
        CHANNELS(X)
#undef X
    };
    return channel < PB_CHANNEL_N ? codes[channel] : codes[0];
}

bool channel_is_sent(PB(Channel) channel) { return channel == PB_CHANNEL(SMS) || channel == PB_CHANNEL(EMAIL); }
