"""The sentences of what happens to reviews."""

SENTENCES = {
    "review.opened": "{actor} asked a person about: {subject}.",
    "review.approved": "{actor} approved: {subject}.",
    "review.edited": "{actor} edited and approved: {subject}.",
    "review.rejected": "{actor} rejected: {subject}.",
    "review.answered": "{actor} answered: {subject}.",
    "review.expired": "Nobody decided in time about: {subject}.",
    "review.withdrawn": "{actor} withdrew the question about: {subject}.",
    "review.commented": "{actor} commented on: {subject}.",
    "review.refused": "{actor} was refused a decision about: {subject}.",
    "decision.undone": "{actor} took back a decision about: {subject}.",
}
