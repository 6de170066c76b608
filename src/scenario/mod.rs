//! Floor 7: stories. One YAML file is one story: what is given, what happens, and what is expected of it. A story runs in
//! an engine of its own on a virtual clock, with the mock providers behind it and no socket anywhere, or on a server.
//!
//! Reading order: [`story`] is the file, [`expect`] what is expected and what came, [`run`] tells one story in a
//! [`world`], and what all of them touch is [`coverage`].

mod coverage;
mod expect;
mod junit;
mod lines;
mod promise;
mod run;
mod story;
mod world;

pub use coverage::Covered;
pub use junit::junit;
pub use story::Story;

use crate::domain::keys::KeyHasher;
use crate::engine::generation::{self, LoadError, POLICY_FILE};
use crate::policy::Generation;
use crate::rpc::client::CallError;
use crate::text::Refusal;
use crate::text::yaml::{self, Placed};
use coverage::Seen;
use run::{Outcome, Surprise, tell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use story::{Parts, Told};
use world::{Own, World};

/// The file of reusable parts.
const PARTS: &str = "parts.yaml";
/// How far above a story its parts may stand.
const MOST_ABOVE: usize = 4;
/// Directories beside stories that hold what stories are given.
const NO_STORIES: [&str; 2] = ["models", "policies"];
/// What the name of a story ends with.
const SUFFIX: &str = ".yaml";
/// How many stories run beside each other.
const AT_ONCE: usize = 8;
/// The most stories of one run.
const MOST_STORIES: usize = 10_000;

/// How stories are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The models of stories that name none.
    pub models: PathBuf,
    /// The policy of stories that name none.
    pub policy: PathBuf,
    /// A running server, with a key, instead of engines of the stories' own.
    pub server: Option<(String, Option<String>)>,
    /// Whether to write what came over what was expected.
    pub update: bool,
}

/// Why stories cannot be run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ScenarioError {
    /// A file is not a story.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Refusal),
    /// Models or policy cannot be used.
    #[error("{story}: {error}")]
    Generation {
        /// The story that needs them.
        story: String,
        /// Why.
        error: Box<LoadError>,
    },
    /// A file or directory cannot be read or written.
    #[error("{path}: expected a {what}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is none.
    #[error("{0}: there is no story: expected files that end with .yaml")]
    None(PathBuf),
    /// There are too many.
    #[error("there are more than {MOST_STORIES} stories: run some of them at a time")]
    TooMany,
    /// The server does not answer.
    #[error(transparent)]
    Server(#[from] CallError),
    /// No engine can be started.
    #[error("no engine: {0}")]
    Engine(String),
}

/// One thing that went wrong in a story.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The line in the file.
    pub line: usize,
    /// What happened.
    pub message: String,
    /// What was expected and what came.
    pub differences: Vec<Difference>,
    /// Where in the file the step begins, of which something came out differently.
    #[serde(skip)]
    pub step: Option<usize>,
}

/// One value that came out differently.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The line in the file.
    pub line: usize,
    /// The key.
    pub key: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub came: String,
}

/// What became of one story.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Ran {
    /// Its file.
    pub file: String,
    /// What it tells.
    pub story: String,
    /// Why it was left out, if it was.
    pub skipped: Option<&'static str>,
    /// What went wrong.
    pub failures: Vec<Failure>,
    /// Whether its file was written anew.
    pub updated: bool,
    /// How long it took.
    #[serde(skip)]
    pub took: Duration,
}

impl Ran {
    /// Whether everything came as expected.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty()
    }
}

/// What became of all stories.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// One by one, in the order of their files.
    pub stories: Vec<Ran>,
    /// What they touch; empty on a server, whose policy is not seen.
    pub coverage: Vec<Covered>,
    /// How long all of them took together.
    #[serde(skip)]
    pub took: Duration,
}

/// Runs the stories at these paths: files, and directories with all below them. `progress` hears of each that is done.
pub fn run(paths: &[PathBuf], options: &Options, mut progress: impl FnMut(&Ran)) -> Result<Report, ScenarioError> {
    let mut stage = Stage { options, generations: HashMap::new(), parts: HashMap::new() };
    let mut seen = Seen::default();
    // Everything that can be refused is, before anything runs.
    let told = files(paths)?.iter().map(|file| stage.read(file)).collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    // Each engine waits for its threads most of the time, so several run beside each other; on a server they take turns.
    let workers = if options.server.is_some() { 1 } else { AT_ONCE.min(told.len()) };
    let (done, results) = mpsc::channel();
    let next = AtomicUsize::new(0);
    let mut ran: Vec<Option<Ran>> = told.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (done, stage, told, next) = (done.clone(), &stage, &told, &next);
            scope.spawn(move || work(stage, told, next, &done));
        }
        drop(done);
        for (at, result) in results {
            let (story, touched) = result?;
            progress(&story);
            seen.add(touched);
            if let Some(place) = ran.get_mut(at) {
                *place = Some(story);
            }
        }
        Ok::<_, ScenarioError>(())
    })?;
    let stories = ran.into_iter().flatten().collect();
    let coverage = if options.server.is_some() { Vec::new() } else { seen.covered() };
    Ok(Report { stories, coverage, took: begun.elapsed() })
}

/// What came of a story, with its place.
type Done = (usize, Result<(Ran, Seen), ScenarioError>);

/// Runs the next story, and the next, until there is none; or until nobody waits for them any more.
fn work(stage: &Stage<'_>, told: &[Ready], next: &AtomicUsize, done: &mpsc::Sender<Done>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(ready) = told.get(at) else { return };
        let begun = Instant::now();
        let result = match &runtime {
            Ok(runtime) => runtime.block_on(stage.run(ready)),
            Err(error) => Err(ScenarioError::Engine(error.to_string())),
        };
        let result = result.map(|(ran, seen)| (Ran { took: begun.elapsed(), ..ran }, seen));
        if done.send((at, result)).is_err() {
            return;
        }
    }
}

/// The JSON Schema of stories.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Story).to_value()
}

/// The files of stories at these paths, sorted, each once.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ScenarioError> {
    let mut files = std::collections::BTreeSet::new();
    for path in paths {
        let before = files.len();
        collect(path, &mut files)?;
        if files.len() == before && !files.contains(path) {
            return Err(ScenarioError::None(path.clone()));
        }
        if files.len() > MOST_STORIES {
            return Err(ScenarioError::TooMany);
        }
    }
    Ok(files.into_iter().collect())
}

fn collect(path: &Path, files: &mut std::collections::BTreeSet<PathBuf>) -> Result<(), ScenarioError> {
    let unreadable = |error| ScenarioError::File { path: path.into(), what: "story or a directory of stories", error };
    if std::fs::metadata(path).map_err(unreadable)?.is_file() {
        files.insert(path.into());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() {
            if !NO_STORIES.contains(&name.as_str()) {
                collect(&path, files)?;
            }
        } else if name.ends_with(SUFFIX) && name != PARTS && !name.starts_with('_') {
            files.insert(path);
        }
    }
    Ok(())
}

/// What stories share while they run.
struct Stage<'a> {
    options: &'a Options,
    generations: HashMap<(PathBuf, PathBuf), Arc<Generation>>,
    parts: HashMap<PathBuf, Arc<Parts>>,
}

/// A story with what it needs.
struct Ready {
    told: Told,
    path: PathBuf,
    parts: Arc<Parts>,
    generation: Arc<Generation>,
}

impl Stage<'_> {
    fn read(&mut self, path: &Path) -> Result<Ready, ScenarioError> {
        let told = Told::read(&path.display().to_string(), &read(path, "story")?)?;
        let parts = self.parts_of(path)?;
        let from = path.parent().unwrap_or(Path::new("."));
        let given = &told.story.given;
        let or = |given: &Option<Placed<PathBuf>>, otherwise: &PathBuf| {
            given.as_ref().map_or_else(|| otherwise.clone(), |given| from.join(&given.value))
        };
        let (models, policy) = (or(&given.models, &self.options.models), or(&given.policy, &self.options.policy));
        let generation = self.generation(models, policy).map_err(|error| {
            let of_policy = matches!(&error, LoadError::Unreadable { what: POLICY_FILE, .. });
            let named = if of_policy { given.policy.as_ref() } else { given.models.as_ref() };
            let line = named.map(|named| lines::number(&told.source, named.span(&told.source).start));
            let story = line.map_or(told.file.clone(), |line| format!("{}:{line}", told.file));
            ScenarioError::Generation { story, error: Box::new(error) }
        })?;
        Ok(Ready { told, path: path.into(), parts, generation })
    }

    /// The parts nearest above a story.
    fn parts_of(&mut self, story: &Path) -> Result<Arc<Parts>, ScenarioError> {
        let found =
            story.ancestors().skip(1).take(MOST_ABOVE).map(|above| above.join(PARTS)).find(|file| file.is_file());
        let Some(file) = found else { return Ok(Arc::default()) };
        if let Some(parts) = self.parts.get(&file) {
            return Ok(parts.clone());
        }
        let parts: Parts = yaml::parse(&file.display().to_string(), &read(&file, "file of parts")?)?;
        Ok(self.parts.entry(file).or_insert(Arc::new(parts)).clone())
    }

    fn generation(&mut self, models: PathBuf, policy: PathBuf) -> Result<Arc<Generation>, LoadError> {
        let key = (models, policy);
        if let Some(generation) = self.generations.get(&key) {
            return Ok(generation.clone());
        }
        // The secret under which the engines of stories hash too.
        let generation = Arc::new(generation::load(&key.0, &key.1, &KeyHasher::new([7; 16]))?);
        Ok(self.generations.entry(key).or_insert(generation).clone())
    }

    async fn run(&self, ready: &Ready) -> Result<(Ran, Seen), ScenarioError> {
        let Ready { told, path, parts, generation } = ready;
        let ran = |skipped, failures, updated| Ran {
            file: told.file.clone(),
            story: told.story.story.clone(),
            skipped,
            failures,
            updated,
            took: Duration::ZERO,
        };
        let world = match &self.options.server {
            Some((server, key)) => {
                if let Some(why) = not_for_a_server(told) {
                    return Ok((ran(Some(why), Vec::new(), false), Seen::default()));
                }
                World::server(server, key.as_deref()).await?
            }
            None => {
                let own = Own::new(generation.clone(), told.begins()?, &told.story.given.unserved);
                World::Own(Box::new(own.map_err(ScenarioError::Engine)?))
            }
        };
        let Outcome { failures, seen, came } = tell(told, parts, &world).await;
        if !self.options.update || failures.is_empty() {
            return Ok((ran(None, failures, false), seen));
        }
        let mut source = told.source.clone();
        let mut mended = std::collections::BTreeSet::new();
        // From the end on, so that what stands before keeps its place.
        for Surprise { step, values, wrong } in came.iter().rev() {
            if let Some(written) = lines::mend(&source, *step, values, wrong) {
                source = written;
                mended.insert(*step);
            }
        }
        let updated = source != told.source;
        if updated {
            let unwritable =
                |error| ScenarioError::File { path: path.clone(), what: "file that can be written", error };
            std::fs::write(path, source).map_err(unwritable)?;
        }
        // What no rewriting mends stays a failure.
        let is_mended = |failure: &Failure| failure.step.is_some_and(|step| mended.contains(&step));
        let kept = failures.into_iter().filter(|failure| !is_mended(failure)).collect();
        Ok((ran(None, kept, updated), seen))
    }
}

/// Why a story cannot run on a server that is not its own.
fn not_for_a_server(told: &Told) -> Option<&'static str> {
    let (given, steps) = (&told.story.given, &told.story.steps);
    if given.models.is_some() || given.policy.is_some() {
        return Some("it needs models or a policy of its own");
    }
    if !given.providers.is_empty() || !given.unserved.is_empty() || steps.iter().any(|s| s.value.providers.is_some()) {
        return Some("it sets how providers behave");
    }
    if steps.iter().any(|step| step.value.notice.is_some()) {
        return Some("it sends notices in a provider's name");
    }
    if steps.iter().any(|step| step.value.leave.is_some()) {
        return Some("what follows is a provider's notice, which comes when it comes");
    }
    if steps.iter().any(|step| step.value.wait.is_some()) {
        return Some("it jumps in time");
    }
    let calls = |step: &story::Step| step.expect.as_ref().is_some_and(|expected| expected.calls.is_some());
    steps.iter().any(|step| calls(&step.value)).then_some("it looks at the calls to providers")
}

fn read(path: &Path, what: &'static str) -> Result<String, ScenarioError> {
    std::fs::read_to_string(path).map_err(|error| ScenarioError::File { path: path.into(), what, error })
}
