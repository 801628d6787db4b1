//! A sound card without hardware: a PulseAudio of a test's own, with a loudspeaker that the test hears and a microphone that it
//! speaks into. The program under test reaches it through ALSA, as it reaches any card.
#![allow(dead_code, reason = "each test uses its part")]

use super::process::{Running, wait_for};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// What is heard at the loudspeaker: 16 kHz mono i16.
pub const RATE_HZ: u32 = 16_000;
/// The plug-in of ALSA that reaches PulseAudio, below a library folder.
const PLUGIN: &str = "alsa-lib/libasound_module_pcm_pulse.so";

/// How the microphone is made.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub rate_hz: u32,
    pub channels: u16,
    /// The microphone hears the loudspeaker, as it does in a room.
    pub echo: bool,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape { rate_hz: RATE_HZ, channels: 1, echo: false }
    }
}

pub struct Sound {
    dir: PathBuf,
    server: Option<Running>,
}

impl Sound {
    /// In `dir`, which must be empty; `None`, said plainly, where PulseAudio is not installed.
    pub fn start(dir: &Path, shape: Shape) -> Option<Sound> {
        if !installed() {
            eprintln!("LEFT OUT: no PulseAudio with its ALSA plug-in here; scripts/setup.sh test installs them");
            return None;
        }
        std::fs::create_dir_all(dir.join("run")).unwrap();
        let at = dir.display();
        let Shape { rate_hz, channels, echo } = shape;
        // Without norewinds the first two seconds of what is played into a null sink are lost.
        let mut script = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={at}/native\n\
             load-module module-null-sink sink_name=spk rate=48000 channels=2 norewinds=1\n\
             load-module module-null-sink sink_name=micfeed rate={rate_hz} channels={channels} norewinds=1\n\
             load-module module-remap-source master=micfeed.monitor source_name=mic\n\
             set-default-sink spk\nset-default-source mic\n"
        );
        if echo {
            script.push_str("load-module module-loopback source=spk.monitor sink=micfeed latency_msec=60\n");
        }
        std::fs::write(dir.join("fake.pa"), script).unwrap();
        // The card's name, too, as in `arecord -L`.
        let pcm = |name: &str| {
            format!(
                "pcm.{name} {{ type pulse server \"unix:{at}/native\" hint {{ show on description \"Test card {name}\" }} }}\n\
                 ctl.{name} {{ type pulse server \"unix:{at}/native\" }}\n"
            )
        };
        std::fs::write(dir.join("asound.conf"), pcm("!default") + &pcm("kitchen")).unwrap();
        let mut sound = Sound { dir: dir.into(), server: None };
        sound.plug_in();
        Some(sound)
    }

    /// (Again) there.
    pub fn plug_in(&mut self) {
        let mut command = self.command("pulseaudio");
        command.args(["-n", "-F"]).arg(self.dir.join("fake.pa")).args([
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disable-shm=yes",
            "--use-pid-file=no",
            "--realtime=no",
            "--high-priority=no",
        ]);
        self.server = Some(Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()));
        let socket = self.dir.join("native");
        wait_for("PulseAudio", || UnixStream::connect(&socket).is_ok());
        wait_for("its sinks", || self.pactl(&["list", "short", "sinks"]).contains("micfeed"));
        // What comes back through a room is softer than what went out: by 11 dB.
        for line in self.pactl(&["list", "short", "sink-inputs"]).lines().filter(|line| line.contains("loopback")) {
            self.pactl(&["set-sink-input-volume", line.split('\t').next().unwrap(), "65%"]);
        }
    }

    /// Gone, without a word.
    pub fn unplug(&mut self) {
        self.server = None;
        let _ = std::fs::remove_file(self.dir.join("native"));
    }

    /// Lets `command` find this card, and no other.
    pub fn lend(&self, command: &mut Command) {
        command.env("ALSA_CONFIG_PATH", self.dir.join("asound.conf"));
        self.at_home(command);
    }

    fn at_home(&self, command: &mut Command) {
        let run = self.dir.join("run");
        command.envs([("HOME", &run), ("PULSE_RUNTIME_PATH", &run), ("XDG_RUNTIME_DIR", &run)]);
        command.env("PULSE_SERVER", format!("unix:{}/native", self.dir.display()));
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        self.at_home(&mut command);
        command
    }

    fn pactl(&self, args: &[&str]) -> String {
        String::from_utf8_lossy(&self.command("pactl").args(args).output().unwrap().stdout).into_owned()
    }

    /// Programs that take sound from the microphone just now, the test's own ears not counted.
    pub fn listeners(&self) -> usize {
        let sources = self.pactl(&["list", "short", "sources"]);
        let mic = sources.lines().find(|line| line.contains("\tmic\t")).and_then(|line| line.split('\t').next());
        let mic = mic.expect("the microphone is there").to_owned();
        let outputs = self.pactl(&["list", "short", "source-outputs"]);
        outputs.lines().filter(|line| line.split('\t').nth(1) == Some(&mic)).count()
    }

    /// Speaks `samples` (16 kHz mono) into the microphone, to the end.
    pub fn say(&self, samples: &[i16]) {
        assert!(self.begin_to_say(samples, RATE_HZ, 1).0.wait().unwrap().success(), "paplay could not speak");
    }

    /// As [`Sound::say`], of interleaved samples of any rate, without waiting for the end.
    pub fn begin_to_say(&self, samples: &[i16], rate_hz: u32, channels: u16) -> Running {
        let file = tempfile::Builder::new().suffix(".wav").tempfile_in(&self.dir).unwrap();
        write_wav(file.path(), samples, rate_hz, channels);
        let (_, path) = file.keep().unwrap();
        let mut command = self.command("paplay");
        Running(command.args(["-d", "micfeed"]).arg(path).spawn().unwrap())
    }

    /// Listens to the loudspeaker from now on.
    pub fn listen(&self) -> Listener {
        let mut command = self.command("parec");
        command.args(["-d", "spk.monitor", "--raw", "--format=s16le", "--channels=1", "--latency-msec=40"]);
        command.arg(format!("--rate={RATE_HZ}")).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&heard);
        // Ends with parec.
        std::thread::spawn(move || {
            let (mut bytes, mut odd) = ([0; 4_096], Vec::new());
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                odd.extend_from_slice(&bytes[..count]);
                let whole = odd.len() / 2 * 2;
                let samples = odd[..whole].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
                theirs.lock().unwrap().extend(samples);
                odd.drain(..whole);
            }
        });
        let listener = Listener { _parec: Running(child), heard };
        wait_for("the test's ears", || !listener.heard().is_empty());
        listener
    }
}

/// The test's ears at the loudspeaker.
pub struct Listener {
    _parec: Running,
    heard: Arc<Mutex<Vec<i16>>>,
}

impl Listener {
    /// All since the beginning.
    pub fn heard(&self) -> Vec<i16> {
        self.heard.lock().unwrap().clone()
    }

    pub fn position(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// What was played since `from`, once it has begun and then been silent for `quiet_s` seconds of sound. Silence at both
    /// ends is left out.
    pub fn reply(&self, from: usize, quiet_s: f32) -> Vec<i16> {
        let mut reply = vec![];
        wait_for("the end of a reply at the loudspeaker", || {
            let heard = self.heard();
            let since = &heard[from.min(heard.len())..];
            let Some((first, last)) = loud(since) else { return false };
            let ended = (since.len() - last) as f32 / RATE_HZ as f32 >= quiet_s;
            if ended {
                reply = since[first..last].to_vec();
            }
            ended
        });
        reply
    }
}

/// Where the first and the last sample stand that are no silence.
pub fn loud(samples: &[i16]) -> Option<(usize, usize)> {
    let is_loud = |sample: &i16| sample.unsigned_abs() > 300;
    Some((samples.iter().position(is_loud)?, samples.iter().rposition(is_loud)? + 1))
}

pub fn write_wav(path: &Path, samples: &[i16], rate_hz: u32, channels: u16) {
    let spec =
        hound::WavSpec { channels, sample_rate: rate_hz, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
}

/// espeak-ng's voice, 16 kHz mono.
#[cfg(feature = "espeak")]
pub fn spoken(text: &str, voice: &str, words_a_minute: u32) -> Vec<i16> {
    use tendero::hear::source::rate;
    let espeak = tendero::native::espeak::Espeak::open().expect("espeak-ng is installed: scripts/setup.sh test");
    let (rate_hz, samples) = espeak.synthesise(text, voice, words_a_minute, 50).unwrap();
    rate::to_16k(&samples, rate_hz).unwrap()
}

fn installed() -> bool {
    let there = |program: &str| {
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
    };
    let plugin = || {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
        folders.chain([PathBuf::from("/usr/lib")]).any(|dir| dir.join(PLUGIN).is_file())
    };
    ["pulseaudio", "pactl", "paplay", "parec"].into_iter().all(there) && plugin()
}
