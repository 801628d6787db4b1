use super::*;
use crate::speak::player::Silent;
use crate::speak::tts::{Pace, Tts};
use std::sync::mpsc::{Sender, channel};

const LONG: Duration = Duration::from_secs(20);

/// Tells what it is asked for. The text "bad" fails.
struct Counting(SyncSender<String>);

impl Tts for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    fn pace(&self, _lang: Lang) -> Option<Pace> {
        Some(Pace::AtOnce)
    }
    fn synthesise(&mut self, text: &str, _lang: Lang) -> anyhow::Result<Speech> {
        anyhow::ensure!(text != "bad", "the engine refused");
        self.0.send(text.to_owned())?;
        Ok(Speech { rate_hz: 1000, samples: vec![0; text.len()] })
    }
}

/// Speaks English alone, a sentence at a time; each begins with a word from the test, of which "fail" fails.
struct Guided {
    asked: Sender<String>,
    go_on: Receiver<&'static str>,
}

impl Tts for Guided {
    fn name(&self) -> &'static str {
        "guided"
    }
    fn pace(&self, lang: Lang) -> Option<Pace> {
        (lang == Lang::En).then(|| Pace::Slow { voice: "one".into() })
    }
    fn synthesise(&mut self, text: &str, _lang: Lang) -> anyhow::Result<Speech> {
        self.asked.send(text.to_owned())?;
        anyhow::ensure!(self.go_on.recv_timeout(LONG)? != "fail", "the network is damaged");
        Ok(Speech { rate_hz: 1000, samples: vec![1; text.len()] })
    }
}

/// Tells what it plays, without what is silent at its end, and plays until the test says so.
struct Guarded {
    began: Sender<usize>,
    go_on: Receiver<()>,
}

impl Player for Guarded {
    fn play(&mut self, speech: &Speech, stop: &Stop) -> anyhow::Result<Played> {
        self.began.send(speech.samples.iter().filter(|&&sample| sample != 0).count())?;
        while !stop.is_set() {
            if self.go_on.recv_timeout(STEP).is_ok() {
                return Ok(Played::Whole);
            }
        }
        Ok(Played::Stopped)
    }
}

fn words(say: u32, text: &str) -> Saying {
    Saying { say, what: What::Words { text: text.into(), lang: Lang::En } }
}

fn voice(
    engines: impl FnOnce() -> Vec<Box<dyn Tts>> + Send + 'static,
    player: impl FnOnce() -> Box<dyn Player> + Send + 'static,
) -> (Voice, Receiver<Spoken>) {
    let (ended, ends) = channel();
    let voice = Voice::spawn(
        move || Ok(Synthesis::new(engines())),
        player,
        Clock::system(),
        move |spoken| ended.send(spoken).expect("the test is listening"),
    );
    (voice.expect("threads can be started"), ends)
}

/// A voice whose engine and player do nothing until the test says so, and the test's ends of both.
struct Led {
    voice: Voice,
    ends: Receiver<Spoken>,
    asked: Receiver<String>,
    make: Sender<&'static str>,
    begins: Receiver<usize>,
    play: Sender<()>,
}

impl Led {
    fn new(behind: impl FnOnce() -> Vec<Box<dyn Tts>> + Send + 'static) -> Led {
        let ((asked_tx, asked), (make, make_rx)) = (channel(), channel());
        let ((began, begins), (play, play_rx)) = (channel(), channel());
        let engines = move || {
            let first: Box<dyn Tts> = Box::new(Guided { asked: asked_tx, go_on: make_rx });
            std::iter::once(first).chain(behind()).collect()
        };
        let (voice, ends) = voice(engines, move || Box::new(Guarded { began, go_on: play_rx }));
        Led { voice, ends, asked, make, begins, play }
    }

    fn is_asked(&self) -> String {
        self.asked.recv_timeout(LONG).expect("the engine is asked")
    }

    fn begins(&self) -> usize {
        self.begins.recv_timeout(LONG).expect("something is played")
    }

    fn ends(&self) -> Spoken {
        self.ends.recv_timeout(LONG).expect("the reply ends")
    }
}

#[test]
fn replies_end_in_order_repeats_come_from_the_cache_and_failures_are_told() {
    let (synthesised, engine_calls) = sync_channel(10);
    let (voice, ends) = voice(move || vec![Box::new(Counting(synthesised))], || Box::new(Silent));
    for (say, text) in [(1, "hello. and more."), (2, "hello. and more."), (3, "bad")] {
        assert!(voice.say(words(say, text)));
    }
    let ends: Vec<_> = ends.iter().take(3).collect();
    assert_eq!(ends.iter().map(|s| s.say).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(ends[0].speech_ms, 16);
    assert_eq!(ends[2].error.as_deref(), Some("the engine refused"));
    voice.hush();
    assert!(voice.say(words(4, "hello. and more.")), "what comes later is said");
    drop(voice);
    assert_eq!(engine_calls.iter().collect::<Vec<_>>(), ["hello. and more."], "once, and as a whole");
}

#[test]
fn hushed_is_what_sounds_and_what_waits() {
    let led = Led::new(Vec::new);
    assert!([1, 2].into_iter().all(|say| led.voice.say(words(say, "long"))));
    led.make.send("long").expect("the engine waits");
    led.begins();
    led.voice.hush();
    for say in [1, 2] {
        let Spoken { say: ended, error, stopped, .. } = led.ends();
        assert_eq!((ended, error, stopped), (say, None, true));
    }
    assert!(led.begins.try_recv().is_err(), "the second never began");
}

#[test]
fn the_first_sentence_sounds_while_the_next_is_made_and_the_reply_ends_once() {
    let led = Led::new(Vec::new);
    assert!(led.voice.say(words(7, "One. Two two. Three three three.")));
    assert_eq!(led.is_asked(), "One.");
    led.make.send("go").expect("the engine waits");
    assert_eq!(led.begins(), 4, "before the second was made");
    assert_eq!(led.is_asked(), "Two two.", "while the first sounds");
    led.make.send("go").expect("the engine waits");
    led.play.send(()).expect("the player waits");
    assert_eq!(led.begins(), 8);
    assert_eq!(led.is_asked(), "Three three three.");
    assert!(led.ends.try_recv().is_err(), "there is more to say");
    led.play.send(()).expect("the player waits");
    led.make.send("go").expect("the engine waits");
    assert_eq!(led.begins(), 18);
    assert!(led.ends.try_recv().is_err(), "the last of it still sounds");
    led.play.send(()).expect("the player waits");
    let spoken = led.ends();
    let pauses = 2 * 80;
    assert_eq!((spoken.say, spoken.error, spoken.stopped, spoken.speech_ms), (7, None, false, 30 + pauses));
    // What was said a moment ago is not made again.
    assert!(led.voice.say(words(8, "Two two.")));
    assert_eq!(led.begins(), 8);
    led.play.send(()).expect("the player waits");
    assert_eq!(led.ends().say, 8);
    assert!(led.asked.try_recv().is_err() && led.ends.try_recv().is_err());
}

#[test]
fn a_hush_ends_a_reply_in_its_middle_and_while_it_is_made() {
    let led = Led::new(Vec::new);
    assert!(led.voice.say(words(1, "One. Two. Three. Four.")));
    led.is_asked();
    led.make.send("go").expect("the engine waits");
    led.begins();
    led.voice.hush();
    let spoken = led.ends();
    assert!(spoken.stopped && spoken.error.is_none(), "{spoken:?}");
    // The sentence that it was at is the last one that it makes.
    assert_eq!(led.is_asked(), "Two.");
    assert!(led.voice.say(words(2, "Next.")));
    led.make.send("go").expect("the engine waits");
    assert_eq!(led.is_asked(), "Next.");
    led.voice.hush();
    let spoken = led.ends();
    assert!(spoken.stopped && spoken.speech_ms == 0, "before there was any sound: {spoken:?}");
    led.make.send("go").expect("the engine waits");
    assert!(led.voice.say(words(3, "Last.")));
    assert_eq!(led.is_asked(), "Last.");
    led.make.send("go").expect("the engine waits");
    assert_eq!(led.begins(), 5, "nothing of what was hushed is played");
    led.play.send(()).expect("the player waits");
    let spoken = led.ends();
    assert_eq!((spoken.say, spoken.stopped), (3, false));
}

#[test]
fn another_engine_speaks_where_the_first_has_no_voice_or_fails() {
    let (calls, called) = sync_channel(10);
    let led = Led::new(move || vec![Box::new(Counting(calls))]);
    let what = What::Words { text: "Hola. Adiós.".into(), lang: Lang::Es };
    assert!(led.voice.say(Saying { say: 1, what }));
    led.begins();
    led.play.send(()).expect("the player waits");
    assert_eq!(led.ends().error, None);
    assert_eq!(called.recv().expect("it was asked"), "Hola. Adiós.");
    assert!(led.voice.say(words(2, "Hello. Bye.")));
    led.make.send("fail").expect("the engine waits");
    led.begins();
    led.play.send(()).expect("the player waits");
    assert_eq!(called.recv().expect("it was asked"), "Hello.");
    led.make.send("go").expect("the engine waits");
    assert_eq!(led.begins(), 4);
    led.play.send(()).expect("the player waits");
    assert_eq!(led.ends().error, None);
}

#[test]
fn who_can_not_start_says_so_with_each_reply() {
    let (ended, ends) = channel();
    let failing = || anyhow::bail!("there is no library");
    let voice = Voice::spawn(
        failing,
        || Box::new(Silent),
        Clock::system(),
        move |spoken| ended.send(spoken).expect("listening"),
    );
    let voice = voice.expect("threads can be started");
    assert!([1, 2].into_iter().all(|say| voice.say(words(say, "hello"))));
    let ends: Vec<Spoken> = ends.iter().take(2).collect();
    assert!(ends.iter().all(|spoken| spoken.error.as_deref() == Some("there is no library")), "{ends:?}");
}
