"""Every way Greenroom says no.

GreenroomError                 code                 status
├── BadSpec                    bad_spec             422   field
├── PromptRefused              prompt_refused       422   rule, refusal
│   └── PictureRefused         picture_refused      422   rule, refusal
├── NotSignedIn                not_signed_in        401
│   ├── TokenInvalid           token_invalid        401
│   └── InviteInvalid          invite_invalid       401
├── ProofRequired              proof_required       401
├── ProofInvalid               proof_invalid        401   claim
│   └── NonceNeeded            use_dpop_nonce       401   claim
├── WrongDevice                wrong_device         403
├── NotGranted                 not_granted          403
│   ├── NotInvited             not_invited          403
│   ├── NotApproved            not_approved         403
│   ├── TakenDown              taken_down           403   reason
│   ├── OwnWork                own_work             403
│   └── SameReviewer           same_reviewer        403
├── Suspended                  suspended            403   scope, message
├── PolicyUnaccepted           policy_unaccepted    403   number, lost
├── StepUpRequired             step_up_required     403   passkeys
├── TouchInvalid               touch_invalid        403   fault
├── NotFound                   not_found            404
│   └── LinkEnded              link_ended           404
├── TooMany                    too_many             429   limit, retry_after_s
│   ├── BudgetExhausted        budget_exhausted     429   short_by_ms
│   └── TooManySignIns         too_many_sign_ins    429
├── BadRequest                 bad_request          400
│   ├── SignInFailed           sign_in_failed       400
│   ├── NotReady               video_not_ready      400   state
│   └── NotOffered             not_offered          400
├── Conflict                   conflict             409
│   ├── ClipDeleted            clip_deleted         409
│   └── AlreadyDecided         already_decided      409   state
├── Unavailable                unavailable          503   retry_after_s
│   ├── StoreUnavailable       store_unavailable    503
│   └── JudgeUnavailable       judge_unavailable    503
├── RenderFailed               render_failed        500
│   ├── WeightsCorrupt         weights_corrupt      500   path
│   ├── WorkerLost             worker_lost          500
│   └── StoreFailed            store_failed         507
├── Stopped                    stopped              409   reason
└── BootRefused                boot_refused         —     (the process ends with the sentence)

`str(error)` is one sentence for the person who caused it: what is wrong and what to do.
It never holds a token, a path of the server, or somebody else's data.
"""

from errors.anywhere import (
    BadRequest,
    BootRefused,
    Conflict,
    NotFound,
    StoreUnavailable,
    Unavailable,
)
from errors.base import GreenroomError
from errors.clips import (
    BadSpec,
    NotOffered,
    NotReady,
    RenderFailed,
    Stopped,
    StoreFailed,
    WeightsCorrupt,
    WorkerLost,
)
from errors.gate import (
    BudgetExhausted,
    InviteInvalid,
    NonceNeeded,
    NotGranted,
    NotInvited,
    NotSignedIn,
    ProofInvalid,
    ProofRequired,
    SignInFailed,
    StepUpRequired,
    Suspended,
    TokenInvalid,
    TooMany,
    TooManySignIns,
    TouchInvalid,
    WrongDevice,
)
from errors.policy import PolicyUnaccepted
from errors.programme import (
    AlreadyDecided,
    ClipDeleted,
    JudgeUnavailable,
    LinkEnded,
    NotApproved,
    OwnWork,
    PictureRefused,
    PromptRefused,
    SameReviewer,
    TakenDown,
)

__all__ = [
    "AlreadyDecided",
    "BadRequest",
    "BadSpec",
    "BootRefused",
    "BudgetExhausted",
    "ClipDeleted",
    "Conflict",
    "GreenroomError",
    "InviteInvalid",
    "JudgeUnavailable",
    "LinkEnded",
    "NonceNeeded",
    "NotApproved",
    "NotFound",
    "NotGranted",
    "NotInvited",
    "NotOffered",
    "NotReady",
    "NotSignedIn",
    "OwnWork",
    "PictureRefused",
    "PolicyUnaccepted",
    "PromptRefused",
    "ProofInvalid",
    "ProofRequired",
    "RenderFailed",
    "SameReviewer",
    "SignInFailed",
    "StepUpRequired",
    "Stopped",
    "StoreFailed",
    "StoreUnavailable",
    "Suspended",
    "TakenDown",
    "TokenInvalid",
    "TooMany",
    "TooManySignIns",
    "TouchInvalid",
    "Unavailable",
    "WeightsCorrupt",
    "WorkerLost",
    "WrongDevice",
]
