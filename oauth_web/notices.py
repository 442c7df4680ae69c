"""Every page that is not the way straight through: what happened, what was not done, what to do next.

The words are all ours. What a broker or a browser sent is never part of them, so nothing can be reflected.
`{broker}` is the broker's title; `{again}` says whether the same link can still be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a page feels; the style sheet knows these words."""

    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"


@dataclass(frozen=True)
class Notice:
    """One page. `status` is its HTTP status."""

    status: int
    title: str
    happened: str
    not_done: str
    next_step: str
    tone: Tone = Tone.BAD


NEW_LINK = "Go back to where you got the link and ask for a new one."
NOTHING = "Nothing was linked, and nothing was changed."

LINK_UNUSABLE = Notice(
    404,
    "This link cannot be used",
    "A link works once, for a quarter of an hour, and in the browser where it was first used. "
    "This one is used up, too old, withdrawn, being used in another window, or was never valid.",
    NOTHING,
    NEW_LINK,
)
RETURN_UNKNOWN = Notice(
    400,
    "This return cannot be matched to a link",
    "You came back from a broker, but this browser has no link that is waiting for it. It may have been finished "
    "already, taken too long, been started again in another window, or been started in another browser.",
    "Nothing was linked by this page. What was linked before stays as it is.",
    "If you saw a page that says your login is linked, you are done. Otherwise open your link again, or ask for a new one.",
)
FORM_FROM_ELSEWHERE = Notice(
    403,
    "This form was not sent from our page",
    "Your browser says that the button was pressed on another site, or it is too old to tell.",
    NOTHING,
    "Open your link again and press the button there, with an up-to-date browser.",
)
DENIED = Notice(
    200,
    "You did not allow access",
    "{broker} sent you back without a permission for us.",
    NOTHING,
    "If that is what you wanted, close this page. Otherwise you may try once more. {again}",
    Tone.WAIT,
)
BROKER_REFUSED = Notice(
    502,
    "{broker} did not let you in",
    "{broker} sent you back with an error instead of a permission.",
    NOTHING,
    "Wait some minutes. {again} If it happens every time, tell the people who run this service: "
    "the app may not be set up as {broker} wants it.",
)
CODE_REFUSED = Notice(
    400,
    "Please sign in once more",
    "{broker} did not take the permission it had just given. It is good for some seconds only, and only once.",
    NOTHING,
    "{again} Go through the pages of {broker} without waiting on the last one. If it is refused every time, tell the "
    "people who run this service: the callback address of the app is probably not the registered one.",
)
ANSWER_UNUSABLE = Notice(
    502,
    "{broker} gave an answer we do not accept",
    "Something was missing in it, such as the part that keeps a login alive. A login like that would end within the hour.",
    NOTHING,
    "{again} If it happens twice, tell the people who run this service.",
)
BROKER_AWAY = Notice(
    503,
    "{broker} cannot be reached just now",
    "We asked {broker} to confirm your permission and got no usable answer.",
    NOTHING,
    "Wait some minutes. {again}",
    Tone.WAIT,
)
APP_MISCONFIGURED = Notice(
    503,
    "This service is not set up correctly",
    "{broker} does not accept the app that this service presents. It has nothing to do with you or your login.",
    NOTHING,
    "Tell the people who run this service; the log says what {broker} objects to. When it is mended, ask for a new link.",
)
SAVED = Notice(
    202,
    "Your login is saved",
    "The list of your accounts could not be read just now. It is read in the background within some minutes.",
    "No account is shown yet.",
    "There is nothing to do. You can close this page.",
    Tone.WAIT,
)
SAVED_UNKNOWN = Notice(
    202,
    "Your login is saved, and is being looked at",
    "{broker} did not tell us just now which login it is, and its accounts do not tell either. We ask again in the "
    "background, for some minutes, so that it goes where it belongs.",
    "No account is shown yet, and no other connection was changed.",
    "There is nothing to do. You can close this page. If your accounts are not there in a quarter of an hour, ask for a new "
    "link, and tick the accounts you want to share at {broker}.",
    Tone.WAIT,
)
SAVED_APP_MISCONFIGURED = Notice(
    202,
    "Your login is saved, but accounts cannot be read yet",
    "{broker} does not let the app of this service read accounts. It has nothing to do with you or your login.",
    "No account was read.",
    "Tell the people who run this service. When it is mended, your accounts are read without you; you need not come back.",
    Tone.WAIT,
)
BELONGS_TO_ANOTHER = Notice(
    409,
    "This login is linked by somebody else",
    "The login you used at {broker} already belongs to another user of this service.",
    "It was not linked to you, and what we had received was deleted. The accounts and history of the other user stay, but "
    "{broker} may end the permission they had, since yours was newer; then they have to link once more.",
    "If both users are you, link it once more as the other user. If you share the login, only one of you can link it: tell "
    "the other one. If you meant another login, sign out at {broker}, and ask for a new link.",
)
WRONG_LOGIN = Notice(
    409,
    "That was another login",
    "The link was made to repair one certain connection, and you signed in at {broker} as somebody else.",
    "The connection was not repaired: its login, accounts and history are as they were. What we had "
    "received for the login you used was deleted. Nobody has linked that one here, so no other connection has ended.",
    "Sign out at {broker}, ask for a new link, and sign in with the login that the connection was made with. "
    "To add this other login as well, ask for a link that repairs nothing.",
)
ANOTHER_RENEWED = Notice(
    200,
    "You renewed another connection",
    "The link was made to repair one certain connection, and you signed in at {broker} with the login of another one of "
    "yours. That other one has this new login now, and keeps its accounts and history.",
    "The connection you meant was not repaired: if its login has ended, it still waits for you. Nothing of it was changed.",
    "Sign out at {broker}, ask for a new link, and sign in with the login that the connection was made with.",
    Tone.WAIT,
)
ANOTHER_LINKED = Notice(
    200,
    "Your login is linked, as a connection of its own",
    "The link was made to repair one certain connection, but none of its accounts came back, and {broker} never told whose "
    "login that one was. So this login became a new connection.",
    "The connection you meant was not repaired: if its login has ended, it still waits for you. Nothing of it was changed.",
    "If it was the same login, the one you meant needs no repair any more: ask for a new link, and tick all the accounts "
    "you want to share at {broker}. If it was another one, sign out at {broker}, ask for a new link, and sign in with "
    "the login that the connection was made with.",
    Tone.WAIT,
)
NEWER_LOGIN = Notice(
    200,
    "Your {broker} login is linked",
    "You have signed in once more since, in another window. That newer login is the one that is kept.",
    "What we had received for this one was deleted. It is not needed.",
    "Nothing. You can close this page.",
    Tone.GOOD,
)
FORGOTTEN = Notice(
    409,
    "This login was removed while it was being linked",
    "The people who run this service, or an application of theirs, disconnected it before its accounts were listed.",
    "Nothing was linked, and what we had received was deleted.",
    "If you want it linked after all, go back to where you got the link and ask for a new one.",
)
NOT_CONFIGURED = Notice(
    503,
    "This service is not set up completely",
    "A setting is missing or wrong. It has nothing to do with you or your login.",
    NOTHING,
    "Tell the people who run this service; its log and /readyz say what is missing. Then open your link again.",
)
DATABASE_AWAY = Notice(
    503,
    "We cannot store anything just now",
    "The database of this service does not answer.",
    "Nothing was linked.",
    "Wait some minutes and open your link again; if it has expired, ask for a new one.",
    Tone.WAIT,
)
CRASHED = Notice(
    500,
    "Something went wrong on our side",
    "This is a fault in the service, and it is in its log.",
    "Nothing was linked.",
    "Open your link again; if it cannot be used any more, ask for a new one. If it happens twice, tell the people who "
    "run this service.",
)
NO_SUCH_PAGE = Notice(
    404,
    "There is nothing here",
    "The address is not one of ours. Perhaps a part of your link is missing.",
    NOTHING,
    "Open your link again, all of it, or ask for a new one.",
)
WRONG_METHOD = Notice(
    405,
    "This page cannot be used like that",
    "The request was of a kind that this address does not take.",
    NOTHING,
    "Open your link again in a browser.",
)
TOO_LARGE = Notice(
    413, "That is too much", "The request was larger than any that makes sense here.", NOTHING, "Open your link again."
)
TOO_OFTEN = Notice(
    429,
    "One moment, please",
    "There were too many requests from your network in the last minute.",
    NOTHING,
    "Wait a minute and open your link again.",
    Tone.WAIT,
)
BAD_REQUEST = Notice(
    400, "This request cannot be read", "Your browser sent something we do not understand.", NOTHING, NEW_LINK
)
