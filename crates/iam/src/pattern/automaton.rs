//! Finds a part of a pattern that has single characters, variables or stars of one segment.
//!
//! An automaton with one state for each character of the part, of which 64 are simulated at a time
//! (Baeza-Yates and Gonnet, "A new approach to text searching"). Longer parts are simulated block
//! by block: the state that leaves one block enters the next. The time is the length of the text
//! times the number of blocks. Nothing is allocated.

use super::{
    MAX_TEXT_BYTES,
    pieces::{Piece, Pieces},
    variable::{Lookup, ValueText},
};

/// Where a match begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At the beginning of the text.
    Here,
    /// At any character.
    Anywhere,
}

/// Where a match ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As early as possible.
    First,
    /// At the end of the text.
    Last,
}

/// The states of a block.
const STATES: usize = 64;
/// The least bytes that are searched at a time for a first match.
const MIN_WINDOW_BYTES: usize = 256;
/// The steps that a block takes before it reads the text.
const BLOCK_STEPS: usize = 512;
/// Words with a bit for each position of a text, the one after its last byte included.
const WORDS: usize = MAX_TEXT_BYTES / 64 + 1;

/// What follows in the text after a match of the part.
pub(super) fn run<'t, L: Lookup>(
    part: Pieces<'_, L>,
    text: &'t [u8],
    start: Start,
    end: End,
) -> Option<&'t [u8]> {
    if text.len() > MAX_TEXT_BYTES {
        return None;
    }
    if end == End::Last {
        return find(part, text, text, start, end);
    }
    // A first match is usually near. Each window is at least twice as long as the one before, so
    // that all of them take no longer than a few times the last.
    let mut window = MIN_WINDOW_BYTES;
    loop {
        let searched = text.get(..window).unwrap_or(text);
        let found = find(part, searched, text, start, end);
        if found.is_some() || window >= text.len() {
            return found;
        }
        window *= 4;
    }
}

/// The same in the first bytes of a text.
fn find<'t, L: Lookup>(
    part: Pieces<'_, L>,
    searched: &[u8],
    text: &'t [u8],
    start: Start,
    end: End,
) -> Option<&'t [u8]> {
    let mut symbols = Symbols::new(part);
    let mut active = Positions::starts(start, symbols.begins_with_star, searched);
    let mut block = Block::next(&mut symbols)?;
    loop {
        if !part.spend(BLOCK_STEPS + searched.len()) {
            return None;
        }
        let following = Block::next(&mut symbols);
        if following.is_none() && end == End::First {
            let at = block.first_end(searched, &active, text)?;
            return text.get(at..);
        }
        if !block.step(searched, &mut active) {
            return None;
        }
        match following {
            Some(next) => block = next,
            None => return active.get(searched.len()).then_some(&[]),
        }
    }
}

/// A bit for each position of a text.
struct Positions([u64; WORDS]);

impl Positions {
    /// The positions at which the part can begin.
    fn starts(start: Start, begins_with_star: bool, text: &[u8]) -> Self {
        match start {
            Start::Anywhere => Self([u64::MAX; WORDS]),
            Start::Here => {
                let mut positions = Self([0; WORDS]);
                positions.set(0, true);
                if begins_with_star {
                    let segment = text.iter().take_while(|byte| **byte != b':').count();
                    for at in 1..=segment {
                        positions.set(at, true);
                    }
                }
                positions
            }
        }
    }

    fn get(&self, at: usize) -> bool {
        let word = self.0.get(at / 64).copied().unwrap_or_default();
        word >> (at % 64) & 1 == 1
    }

    fn set(&mut self, at: usize, active: bool) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(active) << (at % 64);
        }
    }
}

/// Up to 64 states, each of which is active after one character of the part.
struct Block {
    /// The states that each byte can make active.
    by_byte: [u64; 256],
    /// The states of single characters, which stay active within a character.
    anys: u64,
    /// The states that a star follows: they stay active until the next colon.
    stars: u64,
    last: u64,
}

impl Block {
    fn next<L: Lookup>(symbols: &mut Symbols<'_, L>) -> Option<Self> {
        let mut block = Self {
            by_byte: [0; 256],
            anys: 0,
            stars: 0,
            last: 0,
        };
        let mut limited = 0;
        for (number, symbol) in symbols.take(STATES).enumerate() {
            let state = 1 << number;
            block.last = state;
            if let Some(byte) = symbol.byte {
                if let Some(states) = block.by_byte.get_mut(usize::from(byte)) {
                    *states |= state;
                }
            } else {
                block.anys |= state;
                limited |= if symbol.limited { state } else { 0 };
            }
            block.stars |= if symbol.star_follows { state } else { 0 };
        }
        if block.last == 0 {
            return None;
        }
        if block.anys != 0 {
            for (byte, states) in (0_u8..=255).zip(&mut block.by_byte) {
                if !is_inner(byte) {
                    *states |= block.anys;
                }
            }
            if let Some(states) = block.by_byte.get_mut(usize::from(b':')) {
                *states &= !limited;
            }
        }
        Some(block)
    }

    /// The states after one more byte. `enters`: whether the first state can become active.
    fn after(&self, states: u64, enters: bool, byte: u8) -> u64 {
        let by_byte = self
            .by_byte
            .get(usize::from(byte))
            .copied()
            .unwrap_or_default();
        let stars = if byte == b':' { 0 } else { self.stars };
        let inner = if is_inner(byte) { self.anys } else { 0 };
        (states << 1 | u64::from(enters)) & by_byte | states & (stars | inner)
    }

    /// Replaces the positions at which the block can begin by those at which it ends. Returns
    /// whether there is one.
    fn step(&self, text: &[u8], active: &mut Positions) -> bool {
        let (mut states, mut any) = (0, false);
        let mut enters = active.get(0);
        active.set(0, false);
        for (at, byte) in text.iter().enumerate() {
            states = self.after(states, enters, *byte);
            enters = active.get(at + 1);
            let ends = states & self.last != 0;
            active.set(at + 1, ends);
            any |= ends;
        }
        any
    }

    /// The first position at which the block ends and a character begins.
    fn first_end(&self, searched: &[u8], active: &Positions, text: &[u8]) -> Option<usize> {
        let mut states = 0;
        for (at, byte) in searched.iter().enumerate() {
            states = self.after(states, active.get(at), *byte);
            if states & self.last != 0 && !text.get(at + 1).is_some_and(|next| is_inner(*next)) {
                return Some(at + 1);
            }
        }
        None
    }
}

/// Whether a byte is one after the first of a character.
fn is_inner(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// One character of a part: a byte of it, or a single character of any kind.
struct Symbol {
    byte: Option<u8>,
    /// Whether the single character is no colon.
    limited: bool,
    /// Whether a star within the segment follows.
    star_follows: bool,
}

/// The characters of a part, byte by byte.
struct Symbols<'p, L> {
    pieces: Pieces<'p, L>,
    /// The text that is being read, and the byte to read next.
    text: Option<(ValueText<'p>, usize, usize)>,
    /// A piece that was read too early.
    next: Option<Piece<'p>>,
    begins_with_star: bool,
    ended: bool,
}

impl<'p, L: Lookup> Symbols<'p, L> {
    fn new(pieces: Pieces<'p, L>) -> Self {
        let mut symbols = Self {
            pieces,
            text: None,
            next: None,
            begins_with_star: false,
            ended: false,
        };
        symbols.begins_with_star = symbols.skip_stars();
        symbols
    }

    /// Reads the next piece that is not a star within its segment. Returns whether there was one.
    fn skip_stars(&mut self) -> bool {
        let mut skipped = false;
        loop {
            match self.pieces.next() {
                Some(Piece::Star { limited: true }) => skipped = true,
                Some(Piece::Text(_, from, to)) if from == to => {}
                Some(Piece::Star { limited: false }) | None => {
                    self.ended = true;
                    return skipped;
                }
                Some(piece) => {
                    self.next = Some(piece);
                    return skipped;
                }
            }
        }
    }
}

impl<L: Lookup> Iterator for Symbols<'_, L> {
    type Item = Symbol;

    fn next(&mut self) -> Option<Symbol> {
        if self.text.is_none() {
            if self.ended {
                return None;
            }
            match self.next.take()? {
                Piece::Text(text, from, to) => self.text = Some((text, from, to)),
                Piece::Any { limited } => {
                    return Some(Symbol {
                        byte: None,
                        limited,
                        star_follows: self.skip_stars(),
                    });
                }
                Piece::Star { .. } => return None,
            }
        }
        let (text, at, to) = self.text.as_mut()?;
        let byte = text.as_bytes().get(*at).copied();
        *at += 1;
        let star_follows = *at == *to && {
            self.text = None;
            self.skip_stars()
        };
        Some(Symbol {
            byte,
            limited: false,
            star_follows,
        })
    }
}
