CREATE TABLE longdoc_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT longdoc_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE documents (
	id TEXT NOT NULL,
	filename TEXT NOT NULL,
	title TEXT NOT NULL,
	kind TEXT NOT NULL,
	pages INTEGER NOT NULL,
	characters INTEGER NOT NULL,
	tokens BIGINT NOT NULL,
	health JSON NOT NULL,
	first_seen_at DATETIME NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE runs (
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	engine TEXT NOT NULL,
	engine_reason TEXT NOT NULL,
	model TEXT NOT NULL,
	settings JSON NOT NULL,
	started_at DATETIME NOT NULL,
	finished_at DATETIME,
	status TEXT NOT NULL, prompt_tokens BIGINT, cached_tokens BIGINT, completion_tokens BIGINT, engine_seconds DOUBLE, gpu_minutes DOUBLE, prompt_tokens_per_s DOUBLE, completion_tokens_per_s DOUBLE, cached_share DOUBLE, kv_use_peak DOUBLE, queue_peak INTEGER,
	PRIMARY KEY (id)
)

CREATE INDEX runs_status ON runs (status)

CREATE TABLE analyses (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	run_id TEXT NOT NULL,
	document_id TEXT,
	kind TEXT NOT NULL,
	pack TEXT NOT NULL,
	side TEXT NOT NULL,
	strategy TEXT NOT NULL,
	strategy_reason TEXT NOT NULL,
	status TEXT NOT NULL,
	error_type TEXT NOT NULL,
	error_message TEXT NOT NULL,
	summary TEXT NOT NULL,
	notes JSON NOT NULL,
	fingerprint TEXT NOT NULL,
	current BOOLEAN NOT NULL,
	filename TEXT NOT NULL,
	title TEXT NOT NULL,
	pages INTEGER NOT NULL,
	characters INTEGER NOT NULL,
	tokens BIGINT NOT NULL,
	health JSON NOT NULL,
	unread_pages JSON NOT NULL,
	chunks INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	prompt_tokens BIGINT NOT NULL,
	cached_tokens BIGINT NOT NULL,
	completion_tokens BIGINT NOT NULL,
	seconds DOUBLE NOT NULL,
	finished_at DATETIME NOT NULL, reused INTEGER DEFAULT '0' NOT NULL, engine_seconds DOUBLE, gpu_minutes DOUBLE, latest BOOLEAN DEFAULT 0 NOT NULL,
	FOREIGN KEY(run_id) REFERENCES runs (id),
	FOREIGN KEY(document_id) REFERENCES documents (id)
)

CREATE INDEX analyses_run ON analyses (run_id)

CREATE INDEX analyses_document ON analyses (document_id, kind, id)

CREATE INDEX analyses_finished ON analyses (finished_at)

CREATE UNIQUE INDEX analyses_in_force ON analyses (fingerprint) WHERE current AND status = 'done' AND fingerprint <> ''

CREATE TABLE findings (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	analysis_id INTEGER NOT NULL,
	document_id TEXT,
	position INTEGER NOT NULL,
	category TEXT NOT NULL,
	item TEXT NOT NULL,
	title TEXT NOT NULL,
	value TEXT NOT NULL,
	detail TEXT NOT NULL,
	severity TEXT NOT NULL,
	status TEXT NOT NULL,
	suggestion TEXT NOT NULL,
	legal_basis TEXT NOT NULL,
	source TEXT NOT NULL,
	grounded BOOLEAN NOT NULL,
	CONSTRAINT findings_position UNIQUE (analysis_id, position),
	FOREIGN KEY(analysis_id) REFERENCES analyses (id) ON DELETE CASCADE,
	FOREIGN KEY(document_id) REFERENCES documents (id)
)

CREATE INDEX findings_document ON findings (document_id)

CREATE TABLE evidence (
	id INTEGER NOT NULL,
	finding_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	quote TEXT NOT NULL,
	start INTEGER,
	"end" INTEGER,
	page INTEGER,
	"match" TEXT NOT NULL,
	section TEXT NOT NULL,
	boxes JSON NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT evidence_position UNIQUE (finding_id, position),
	FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE
)

CREATE TABLE completions (
	"key" TEXT NOT NULL,
	document_id TEXT NOT NULL,
	prompt TEXT NOT NULL,
	prompt_sha256 TEXT NOT NULL,
	model TEXT NOT NULL,
	schema_sha256 TEXT NOT NULL,
	sampling TEXT NOT NULL,
	text TEXT NOT NULL,
	thoughts TEXT NOT NULL,
	finish_reason TEXT NOT NULL,
	prompt_tokens INTEGER NOT NULL,
	cached_tokens INTEGER NOT NULL,
	completion_tokens INTEGER NOT NULL,
	rejected BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY ("key")
)

CREATE INDEX completions_document ON completions (document_id)

CREATE TABLE decisions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	finding_id INTEGER NOT NULL,
	decision TEXT NOT NULL,
	changes JSON,
	reason TEXT,
	decided_by TEXT NOT NULL,
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
	CONSTRAINT decisions_decision CHECK (decision IN ('accept', 'reject', 'edit')),
	FOREIGN KEY(finding_id) REFERENCES findings (id)
)

CREATE INDEX decisions_finding ON decisions (finding_id, id)

CREATE TABLE actions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	run_id TEXT,
	finding_id INTEGER,
	name TEXT NOT NULL,
	arguments JSON NOT NULL,
	outcome TEXT NOT NULL,
	detail TEXT,
	approved_by TEXT,
	approved_at DATETIME,
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
	FOREIGN KEY(run_id) REFERENCES runs (id),
	FOREIGN KEY(finding_id) REFERENCES findings (id)
)

CREATE TABLE digests (
	id INTEGER NOT NULL,
	until DATETIME NOT NULL,
	html TEXT NOT NULL,
	markdown TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (id)
)

CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
       BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END

CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
       BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END

CREATE TRIGGER decisions_no_replace BEFORE INSERT ON decisions
       WHEN EXISTS (SELECT 1 FROM decisions WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END

CREATE TRIGGER actions_no_update BEFORE UPDATE ON actions
       BEGIN SELECT RAISE(ABORT, 'actions is append-only'); END

CREATE TRIGGER actions_no_delete BEFORE DELETE ON actions
       BEGIN SELECT RAISE(ABORT, 'actions is append-only'); END

CREATE TRIGGER actions_no_replace BEFORE INSERT ON actions
       WHEN EXISTS (SELECT 1 FROM actions WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, 'actions is append-only'); END

CREATE TABLE leases (
	"key" TEXT NOT NULL,
	owner TEXT NOT NULL,
	process JSON NOT NULL,
	expires_at DATETIME NOT NULL,
	PRIMARY KEY ("key")
)

CREATE UNIQUE INDEX analyses_latest ON analyses (document_id, kind) WHERE latest

CREATE VIEW latest_findings AS
SELECT f.id, f.analysis_id, f.document_id, f.position, f.category, f.item, f.title, f.value, f.detail, f.severity,
       f.status, f.suggestion, f.legal_basis, f.source, f.grounded,
       e.quote, e.page, d.filename, d.title AS document_title,
       a.kind, a.pack, a.side, a.run_id, r.engine, r.model, a.finished_at
FROM findings AS f
JOIN analyses AS a ON a.id = f.analysis_id
JOIN documents AS d ON d.id = a.document_id
JOIN runs AS r ON r.id = a.run_id
LEFT JOIN evidence AS e ON e.finding_id = f.id AND e.position = 0
WHERE a.latest

CREATE VIEW open_risks AS
SELECT l.* FROM latest_findings AS l
WHERE l.severity IN ('high', 'medium')
  AND (l.status IN ('conflict', 'absent', 'unclear') OR l.category = 'risks')
  AND NOT EXISTS (
    SELECT 1 FROM decisions AS x
    WHERE x.decision = 'reject'
      AND x.id = (SELECT max(y.id) FROM decisions AS y WHERE y.finding_id = l.id)
  )

CREATE TABLE cuts (
	mark BIGINT NOT NULL,
	made_at DATETIME NOT NULL,
	PRIMARY KEY (mark)
)

INSERT INTO longdoc_version (version_num) VALUES ('0005')
