//! Owns the worker process: how one is started and how it works.
//!
//! Law: to coordinator and worker alike a process is the same pair of channels as a worker in the
//! same event loop. A worker process ends when its coordinator does, however that ends: nobody is at
//! the other end of its pipe any more, so its people leave.

use std::io::{BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::alarm::Alarm;
use super::machine::make_room_for_descriptors;
use super::monotonic::{instant_of, tick_of};
use super::pipe::{self, Complaint, Said, Setup, Told};
use super::scene::Scene;
use super::worker::{self, News, Order};
use super::{Options, in_event_loop};
use crate::error::{Error, Result, in_words};
use crate::scenario;
use crate::wire::protocols;

/// Milliseconds that a process has to end once its pipe is closed.
const ENDING: u32 = 500;

/// The command of the program that makes it a worker.
pub const COMMAND: &str = "worker";

/// A worker process, killed when dropped: by then it has ended, or is beyond reach.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and is waited for all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a worker of this program file. It takes orders by the channel that is given back, and its
/// news are told under its number.
///
/// # Errors
/// Failed (exit 3): the system has no process or thread to give.
pub fn start(
    program: &Path,
    setup: Setup,
    (number, news): (usize, UnboundedSender<(usize, News)>),
) -> Result<(Process, UnboundedSender<Order>)> {
    let failed = |error: std::io::Error| {
        Error::failed(format!(
            "cannot start worker {number}: {}",
            in_words(&error)
        ))
        .of_this_machine()
    };
    let mut command = Command::new(program);
    command.arg(COMMAND);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    // A signal of the terminal is for the coordinator, which calls its workers home.
    command.process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take().expect("its input is a pipe");
    let stdout = child.stdout.take().expect("its output is a pipe");
    let process = Process { child };
    let (orders, taken) = unbounded_channel();
    let thread = |what: &str| Builder::new().name(format!("worker-{number}-{what}"));
    let setup = Said::Setup(Box::new(setup));
    let says = thread("orders").spawn(move || say(stdin, &setup, taken));
    says.map_err(failed)?;
    let hears = thread("news").spawn(move || hear(stdout, number, &news));
    hears.map_err(failed)?;
    Ok((process, orders))
}

impl Process {
    /// How it has ended, in words. Its end of the pipe is closed, so that it is waited for a short
    /// while only.
    pub fn ended(&mut self) -> String {
        for _ in 0..ENDING {
            match self.child.try_wait() {
                Ok(Some(status)) => return in_status(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => return in_words(&error),
            }
        }
        "fell silent".into()
    }
}

/// `killed by signal 9`, `ended with exit code 101`.
fn in_status(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("killed by signal {signal}"),
        (_, Some(code)) => format!("ended with exit code {code}"),
        _ => "ended".into(),
    }
}

/// Puts the setup and then the orders on the pipe, until there is nobody at either end.
fn say(mut stdin: ChildStdin, setup: &Said, mut orders: UnboundedReceiver<Order>) {
    let mut said = pipe::put(&mut stdin, setup);
    while said.is_ok()
        && let Some(order) = orders.blocking_recv()
    {
        said = pipe::put(
            &mut stdin,
            &match order {
                Order::Start(at) => Said::Start(tick_of(at)),
                Order::GoHome => Said::GoHome,
                Order::Stop => Said::Stop,
                Order::Deliver(delivery) => Said::Deliver(delivery),
            },
        );
    }
}

/// Tells what the worker says; when that ends before it should, that it is lost.
fn hear(stdout: ChildStdout, number: usize, news: &UnboundedSender<(usize, News)>) {
    let mut stdout = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let told = match pipe::take(&mut stdout) {
            Ok(Some(Told::Report(report))) => News::Report(report),
            Ok(Some(Told::Posted(posted))) => News::Posted(posted),
            Ok(Some(Told::Failed(complaint))) => News::Failed(complaint.into_error()),
            Ok(Some(Told::Over)) => News::Over,
            Ok(None) | Err(_) => News::Lost,
        };
        let ends = matches!(told, News::Over | News::Lost);
        // Without a coordinator there is nobody to tell.
        if news.send((number, told)).is_err() || ends {
            return;
        }
    }
}

/// Works as a worker process: `input` and `output` lead to the coordinator.
///
/// # Errors
/// Failed: what comes is no setup. All else is told to the coordinator.
pub fn work(
    mut input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<()> {
    let no_coordinator = || {
        Error::refused("a worker is started by `busyhour load`, which tells it what to do")
            .with_remedy("run `busyhour load`")
    };
    let Ok(Some(Said::Setup(setup))) = pipe::take(&mut input) else {
        return Err(no_coordinator());
    };
    if setup.version != env!("CARGO_PKG_VERSION") {
        return Err(no_coordinator());
    }
    let (news, told) = unbounded_channel();
    let telling = Builder::new().name("news".into());
    let telling = telling.spawn(move || tell(output, told));
    let telling = telling.map_err(|error| no_thread(&error))?;
    if let Err(error) = play(&setup, input, news.clone()) {
        // Without a coordinator there is nobody to tell.
        let _ = news.send((0, News::Failed(error)));
    }
    drop(news);
    // A coordinator that is gone ends it as well.
    let _ = telling.join();
    Ok(())
}

fn play(
    setup: &Setup,
    input: impl Read + Send + 'static,
    news: UnboundedSender<(usize, News)>,
) -> Result<()> {
    let mut plan = scenario::read_again(&setup.source)?;
    let options = Options {
        trace: setup.trace,
        cast: setup.cast,
        protocol: setup
            .protocol
            .clone()
            .map(protocols::read_again)
            .transpose()?,
        ..Options::default()
    };
    options.fit(&mut plan);
    if plan.fingerprint() != setup.fingerprint {
        return Err(Error::failed(
            "a file that the scenario names has changed since the run was started",
        ));
    }
    make_room_for_descriptors(setup.descriptors)?;
    let (orders, taken) = unbounded_channel();
    let listening = Builder::new().name("orders".into());
    let listening = listening.spawn(move || listen(input, &orders));
    listening.map_err(|error| no_thread(&error))?;
    let way = setup.way.clone().hide()?;
    let people = async {
        let alarm = Alarm::fine()?;
        let scene = Scene::new(&plan, setup.run, way, alarm, &options, setup.slice);
        let scene = Rc::new(scene);
        worker::play(scene, setup.slice, setup.replication, taken, (0, news)).await;
        Ok(())
    };
    in_event_loop(people)?
}

fn no_thread(error: &std::io::Error) -> Error {
    Error::failed(format!("no thread: {}", in_words(error))).of_this_machine()
}

/// Hands on what the coordinator says, until it is gone.
fn listen(mut input: impl Read, orders: &UnboundedSender<Order>) {
    while let Ok(Some(said)) = pipe::take(&mut input) {
        let order = match said {
            Said::Start(tick) => Order::Start(instant_of(tick)),
            Said::GoHome => Order::GoHome,
            Said::Stop => Order::Stop,
            Said::Deliver(delivery) => Order::Deliver(delivery),
            Said::Setup(_) => continue,
        };
        if orders.send(order).is_err() {
            return;
        }
    }
}

/// Puts what the worker tells on the pipe, until it is over or nobody is at the other end.
fn tell(mut output: impl Write, mut told: UnboundedReceiver<(usize, News)>) {
    while let Some((_, news)) = told.blocking_recv() {
        let frame = match news {
            News::Report(report) => Told::Report(report),
            News::Posted(posted) => Told::Posted(posted),
            News::Failed(error) => Told::Failed(Complaint::of(&error)),
            News::Over => Told::Over,
            News::Lost => return,
        };
        if pipe::put(&mut output, &frame).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::live::slice::Slice;
    use crate::live::target::Target;
    use crate::live::way::Way;
    use crate::measure::cast::Cast;
    use crate::scenario::plan::Source;

    #[tokio::test]
    async fn a_worker_that_cannot_be_started_is_this_machines_shortage() {
        let target = Target::parse("ws://127.0.0.1:9").unwrap();
        let doors = vec![target.resolve(&[]).await.unwrap()];
        let way = Way::new(doors, Arc::default()).unwrap();
        let setup = Setup {
            version: env!("CARGO_PKG_VERSION").into(),
            source: Source::default(),
            fingerprint: 0,
            run: 0,
            slice: Slice::WHOLE,
            replication: 0,
            way: way.with_secrets_in_clear(),
            trace: None,
            cast: Cast::Everybody,
            protocol: None,
            descriptors: 16,
        };
        let (news, _heard) = unbounded_channel();
        let program = Path::new("/nowhere/busyhour");
        let error = start(program, setup, (1, news)).map(|_| ()).unwrap_err();
        assert!(error.is_of_this_machine(), "{error}");
        assert!(
            error.plain().starts_with("cannot start worker 1: "),
            "{error}"
        );
    }
}
