"""Every setting: its name, its default, what it is. `settings.py` reads them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    help: str


TABLE: tuple[Setting, ...] = (
    Setting("GREENROOM_DATA", "./data", "One folder that holds all local state."),
    Setting("GREENROOM_DATABASE_URL", "", "SQLAlchemy URL. Empty: SQLite in the data folder."),
    Setting(
        "GREENROOM_REDIS_URL",
        "",
        "Redis for live events, and for rates and places that many web processes share. "
        "Empty: embedded, no server.",
    ),
    Setting(
        "GREENROOM_PUBLIC_URL",
        "",
        "The address in people's browsers. Empty: the Space's, else http://HOST:PORT. "
        "Requests that change something must come from this origin.",
    ),
    Setting(
        "GREENROOM_TRUSTED_PROXIES",
        "",
        "Networks of reverse proxies (10.0.0.0/8, …) whose X-Forwarded-For says who asks. "
        "Empty: nobody's.",
    ),
    Setting(
        "GREENROOM_SECRET",
        "",
        "Keys every token hash and session. Unset: made at first start and kept in the data "
        "folder, mode 0600. At least 32 characters.",
    ),
    Setting(
        "GREENROOM_SECRET_PREVIOUS",
        "",
        "The secret of before, while it rotates: what it keyed still opens the door.",
    ),
    Setting("GREENROOM_INVITE_HOURS", "24", "How long an invite is good for, 1 to 24 hours."),
    Setting("GREENROOM_WAITLIST", "on", "Whether strangers may ask for a place: on or off."),
    Setting(
        "GREENROOM_WEBHOOKS_LOOPBACK",
        "off",
        "Whether webhooks may go to this machine itself, over http too: on for development.",
    ),
    Setting("GREENROOM_RATE_PER_MINUTE", "5", "Clips a tester may ask for in a minute."),
    Setting("GREENROOM_CONCURRENT", "8", "Clips of one tester waiting or being drawn at once."),
    Setting("GREENROOM_CLIPS_PER_DAY", "50", "Clips a tester may make in a day (UTC)."),
    Setting("GREENROOM_GPU_SECONDS_PER_DAY", "1800", "Drawing time of a tester in a day (UTC)."),
    Setting(
        "GREENROOM_BEARER_RATE_PER_MINUTE",
        "2",
        "Clips a minute of one bearer key, which works for whoever holds it.",
    ),
    Setting("GREENROOM_BEARER_CONCURRENT", "1", "Clips of one bearer key at once."),
    Setting("GREENROOM_BEARER_CLIPS_PER_DAY", "10", "Clips of one bearer key in a day (UTC)."),
    Setting(
        "GREENROOM_BEARER_GPU_SECONDS_PER_DAY",
        "300",
        "Drawing time of one bearer key in a day (UTC).",
    ),
    Setting(
        "GREENROOM_STEP_UP",
        "off",
        "Whether testers must touch a passkey before they make clips, where nothing else was set "
        "for them or their cohort: on or off.",
    ),
    Setting("GREENROOM_TOUCH_CLIPS", "5", "How many clips a touch opens."),
    Setting("GREENROOM_TOUCH_HOURS", "2", "How long a touch opens them, 1 to 24 hours."),
    Setting(
        "GREENROOM_MEDIA",
        "",
        "Where clips and pictures are kept: a folder, or s3://BUCKET/PREFIX. Empty: in the data "
        "folder.",
    ),
    Setting(
        "GREENROOM_KEEP_DAYS",
        "0",
        "After how many days clips, their prompts and the pictures they began with are erased. "
        "0: never. Clips that others can see stay.",
    ),
    Setting(
        "GREENROOM_WORKER",
        "on",
        "Whether the web process runs a worker of its own: on, or off where workers run elsewhere "
        "(`python -m jobs.worker`).",
    ),
    Setting(
        "GREENROOM_DRAIN_SECONDS",
        "600",
        "How long a worker of its own may take to finish its clip after SIGTERM: as long as the "
        "longest clip.",
    ),
    Setting(
        "GREENROOM_LOST_SECONDS",
        "15",
        "After how long without a sign a worker is given up, and its clip goes to another. "
        "6 to 600.",
    ),
    Setting(
        "GREENROOM_RULES",
        "",
        "A file of rules for prompts, in the place of ours (programme/moderation/rules.toml).",
    ),
    Setting(
        "GREENROOM_CLASSIFIERS",
        "",
        "Text classifiers of transformers that refuse prompts too: MODEL=LABEL:0.9, with commas.",
    ),
    Setting(
        "GREENROOM_PICTURE_CLASSIFIERS",
        "",
        "Image classifiers of transformers that refuse pictures and films that clips begin with: "
        "MODEL=LABEL+LABEL:0.9, with commas.",
    ),
    Setting(
        "GREENROOM_OIDC_URL",
        "",
        "An OpenID provider for signing in: its issuer, or its discovery document. Empty: the "
        "Space's, else none.",
    ),
    Setting("GREENROOM_OIDC_CLIENT_ID", "", "What the provider knows Greenroom by."),
    Setting("GREENROOM_OIDC_CLIENT_SECRET", "", "What Greenroom proves itself with there."),
    Setting("GREENROOM_OIDC_NAME", "", "The provider's name, as the button says it."),
    Setting(
        "GREENROOM_OIDC_ALLOW",
        "",
        "Who becomes a tester by signing in there: sub:ID, user:NAME, org:NAME, "
        "domain:EXAMPLE.ORG, with commas. Empty: nobody but testers who linked their account.",
    ),
    Setting("GREENROOM_OIDC_ADMIN", "", "The provider's id (sub) of whoever becomes an admin."),
    Setting(
        "GREENROOM_VISIBLE_MARK",
        "policy",
        "Which films say in a corner that a model made them: policy (as the programme's policy "
        "says), or never, whatever it says.",
    ),
    Setting(
        "GREENROOM_MARK_KEY",
        "",
        "Writes and reads the invisible marks; who has it can remove them. Empty: made at first "
        "start and kept in the data folder, mode 0600. At least 32 characters.",
    ),
    Setting(
        "GREENROOM_SIGNING_CERTIFICATES",
        "",
        "A PEM file of the certificate that clips are signed with and those between it and its "
        "root. Empty: one is made at first start in the data folder.",
    ),
    Setting("GREENROOM_SIGNING_KEY", "", "A PEM file of that certificate's key: PKCS#8, ES256."),
    Setting(
        "GREENROOM_SIGNING_ROOTS",
        "",
        "A PEM file of the roots whose signatures are trusted, beside those made here.",
    ),
    Setting(
        "GREENROOM_LOG",
        "text",
        "text: warnings, as sentences. json: one object a line, each request included.",
    ),
    Setting(
        "GREENROOM_METRICS_TOKEN",
        "",
        "Opens /metrics, as a bearer token: at least 32 characters. Empty: to nobody.",
    ),
    Setting(
        "GREENROOM_WORKER_METRICS",
        "",
        "HOST:PORT where a worker answers /metrics. Empty: nowhere.",
    ),
    Setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "Where traces go by OTLP over HTTP, such as http://127.0.0.1:4318. Empty: none are made.",
    ),
    Setting("OAUTH_CLIENT_ID", "", "Set by Hugging Face Spaces with `hf_oauth: true`."),
    Setting("OAUTH_CLIENT_SECRET", "", "Set by Hugging Face Spaces with `hf_oauth: true`."),
    Setting("OAUTH_SCOPES", "openid profile", "Set by Hugging Face Spaces."),
    Setting("OPENID_PROVIDER_URL", "", "Set by Hugging Face Spaces."),
    Setting(
        "SPACE_HOST",
        "",
        "Set by Hugging Face Spaces. Gives the public URL, and cookies that work in its iframe.",
    ),
    Setting("GRADIO_SERVER_NAME", "127.0.0.1", "The address the web process binds."),
    Setting("GRADIO_SERVER_PORT", "7860", "The port the web process binds."),
)
