//! Mentions → the lines of an order: which products are wanted, how many packs, and why this one. Pure.

use super::clauses::Clause;
use super::intent::{Because, Candidate, Intent, Line};
use super::mention::Mention;
use super::quantity::{self, Amount};
use super::sentence::Sentence;
use super::text::Token;

impl Sentence<'_> {
    /// The products that the sentence wants: those in a clause, and those that stand alone.
    pub fn wanted_lines(&self) -> Vec<Line> {
        self.asked_lines(&|m| !self.is_forbidden(m))
    }

    /// The products that go on the list: "don't order milk, put it on the list" names one too.
    pub fn listed_lines(&self) -> Vec<Line> {
        self.asked_lines(&|_| true)
    }

    fn asked_lines(&self, allowed: &dyn Fn(&Mention) -> bool) -> Vec<Line> {
        let buys = |m: &Mention| self.inside(m, Intent::Reorder) || self.inside(m, Intent::ListAdd);
        let named = self.mentions.list.iter().any(|m| buys(m) && !self.spared(m));
        // "hardly any flour left, so two bags of flour"
        let again = |m: &Mention| {
            let same = |o: &Mention| o.found.products[0].0 == m.found.products[0].0;
            m.is_counted() && self.mentions.list.iter().any(|o| o.core.0 < m.core.0 && same(o) && buys(o))
        };
        // Beside products that are asked for, another counts only where "and" leads to it: "... because I make jam" does not.
        let led = |m: &Mention| {
            m.joined
                || self.tokens[m.span.0.saturating_sub(1)..m.core.0]
                    .iter()
                    .any(|t| self.context.lexicon.joiners.contains(&t.fold))
        };
        let asked = |m: &Mention| {
            !self.spared(m) && allowed(m) && (!named || buys(m) || led(m) || again(m) || self.is_said_too(m))
        };
        self.lines_where(&|m| asked(m) && (buys(m) || !self.only_says_why(m)))
    }

    /// "the floss is finished. mouthwash too"
    fn is_said_too(&self, mention: &Mention) -> bool {
        let lexicon = self.context.lexicon;
        let end = mention.span.1;
        let too =
            |t: &Token| !t.break_before && lexicon.joiners.contains(&t.fold) && !lexicon.spoken_and.contains(&t.fold);
        self.tokens.get(end).is_some_and(too) && self.tokens.get(end + 1).is_none_or(|t| t.break_before)
    }

    /// "... because I make jam": a product in a reason for what was named before it.
    fn only_says_why(&self, mention: &Mention) -> bool {
        let Some(why) = self.reason_at(mention.core.0) else { return false };
        let and = |at: usize| self.context.lexicon.spoken_and.contains(&self.tokens[at].fold);
        let before = |m: &Mention| !m.dropped && m.core.1 <= why;
        let listed = (mention.span.0.saturating_sub(1)..mention.core.0).any(and);
        // "... because I make jam and butter": what is joined to a product of the reason belongs to it.
        let inner = |m: &Mention| why < m.core.0 && m.core.1 <= mention.span.0;
        self.mentions.list.iter().any(before) && (!listed || self.mentions.list.iter().any(inner))
    }

    /// Where the reason begins in which the word at `at` stands; it ends with a pause.
    fn reason_at(&self, at: usize) -> Option<usize> {
        let pause = (1..=at).rev().find(|i| self.tokens[*i].break_before).unwrap_or(0);
        let reasons = &self.context.lexicon.reasons;
        (pause..at).find(|i| reasons.iter().any(|r| i + r.len() <= at && quantity::starts_with(&self.tokens, *i, r)))
    }

    pub fn lines_where(&self, wanted: &dyn Fn(&Mention) -> bool) -> Vec<Line> {
        let mut lines: Vec<(Line, usize)> = Vec::new();
        for mention in self.mentions.list.iter().filter(|m| !m.dropped && wanted(m)) {
            let line = self.line(mention);
            match lines.iter_mut().find(|(l, _)| l.sku == line.sku) {
                // Said twice ("no detergent ... get two bottles of detergent"): one line, the spoken quantity.
                Some((old, _)) if line.qty_spoken => *old = line,
                Some(_) => {}
                None => lines.push((line, mention.core.0)),
            }
        }
        for amount in &self.mentions.amounts {
            if let Some((line, _)) = self.counts_for(amount, &mut lines)
                && let Some(product) = self.context.catalog.position(&line.sku)
            {
                line.qty = amount.packs(&self.context.catalog.products[product].pack);
                line.qty_spoken = true;
            }
        }
        if let Some(each) = &self.mentions.each {
            for (line, _) in &mut lines {
                line.qty = each.value;
                line.qty_spoken = true;
            }
        }
        lines.into_iter().map(|(line, _)| line).collect()
    }

    /// The line that an amount which stands alone is about: "paper towels, two packs", "sardines, no, make it five".
    fn counts_for<'l>(&self, amount: &Amount, lines: &'l mut [(Line, usize)]) -> Option<&'l mut (Line, usize)> {
        let holds = |c: &&Clause| c.start <= amount.start && amount.end <= c.end;
        if self.chosen.iter().filter(holds).any(|c| self.depletes(c)) {
            return None;
        }
        let enough = |e: &Vec<String>| quantity::starts_with(&self.tokens, amount.end, e);
        let corrects = self.corrected_by(amount.start) || self.context.lexicon.enough.iter().any(enough);
        let asked = self
            .chosen
            .iter()
            .filter(holds)
            .any(|c| matches!(self.means(c), Some(Intent::Reorder | Intent::ListAdd | Intent::Change)));
        let lexicon = self.context.lexicon;
        let times_at =
            |at: Option<usize>| at.and_then(|at| self.tokens.get(at)).is_some_and(|t| lexicon.times.contains(&t.fold));
        let times = times_at(amount.start.checked_sub(1)) || times_at(Some(amount.end));
        // "for my two children": what follows the number is what is counted.
        let counts_others = self.tokens.get(amount.end).is_some_and(|t| !t.break_before && !lexicon.knows(&t.fold));
        let excused = !corrects && !asked && self.reason_at(amount.start).is_some();
        if counts_others || excused || !(asked || times || corrects || amount.has_unit() || self.alone(amount)) {
            return None;
        }
        // "three lemons, one pack": the packs are what counts.
        let bare = |at: usize| {
            let of = |m: &&Mention| m.core.0 == at;
            self.mentions.list.iter().find(of).and_then(|m| m.amount.as_ref()).is_some_and(|a| !a.has_unit())
        };
        let replaces =
            |l: &Line, at: usize| corrects || !l.qty_spoken || (amount.has_unit() && !amount.is_measure() && bare(at));
        let before = lines.iter().rposition(|(l, at)| *at < amount.start && replaces(l, *at));
        let after = lines.iter().position(|(l, _)| !l.qty_spoken).filter(|_| lines.len() == 1 && amount.has_unit());
        before.or(after).map(|at| &mut lines[at])
    }

    /// "..., make it": whether a correction ends right before `at`, apart from words of little weight.
    fn corrected_by(&self, at: usize) -> bool {
        let lexicon = self.context.lexicon;
        let slight = |i: &usize| {
            let fold = &self.tokens[*i].fold;
            lexicon.joiners.contains(fold) || lexicon.articles.contains(fold) || lexicon.asks(fold)
        };
        let end = at - (0..at).rev().take_while(slight).count();
        lexicon.corrections.iter().any(|c| c.len() <= end && quantity::starts_with(&self.tokens, end - c.len(), c))
            || lexicon.corrections.iter().any(|c| c.len() <= at && quantity::starts_with(&self.tokens, at - c.len(), c))
    }

    /// Between pauses: ", eight of them".
    fn alone(&self, amount: &Amount) -> bool {
        let begins = amount.start == 0 || self.tokens[amount.start].break_before;
        let lexicon = self.context.lexicon;
        begins && self.tokens.get(amount.end).is_none_or(|t| t.break_before || lexicon.articles.contains(&t.fold))
    }

    /// "only one egg left": a number there is what is left, not what is wanted.
    pub fn depletes(&self, clause: &Clause) -> bool {
        self.template(clause).depletes
    }

    fn line(&self, mention: &Mention) -> Line {
        let catalog = self.context.catalog;
        let regular = |product: usize| (self.context.regulars)(&catalog.products[product].sku);
        let mut ranked = mention.found.products.clone();
        let top = ranked[0].1;
        ranked.extend(mention.found.rivals.iter().map(|(p, s)| (*p, s * top)));
        let mut because = if mention.found.fuzzy { Because::SoundsLike } else { Because::Named };
        if ranked.len() > 1
            && !regular(ranked[0].0)
            && let Some(usual) = ranked.iter().position(|(p, _)| regular(*p))
        {
            let (product, _) = ranked.remove(usual);
            ranked.insert(0, (product, top));
            for other in &mut ranked[1..] {
                other.1 = other.1.min(top * 0.8);
            }
            because = Because::Usual;
        }
        let (product, score) = ranked[0];
        let chosen = &catalog.products[product];
        let depleted =
            self.chosen.iter().any(|c| self.depletes(c) && c.start <= mention.core.0 && mention.core.1 <= c.end);
        let amount = mention.amount.as_ref().filter(|_| !depleted);
        let options = mention.options.iter().filter_map(|(o, v)| {
            let option = chosen.options.get(*o)?;
            Some((option.name.clone(), option.values.get(*v)?.value.clone()))
        });
        Line {
            sku: chosen.sku.clone(),
            qty: amount.map_or(1, |a| a.packs(&catalog.products[product].pack)),
            qty_spoken: amount.is_some(),
            options: options.collect(),
            score,
            words: self.words(mention),
            rivals: ranked[1..]
                .iter()
                .take(4)
                .map(|(p, s)| Candidate { sku: catalog.products[*p].sku.clone(), score: *s })
                .collect(),
            because,
        }
    }
}
