//! Mentions → the lines of an order: which products are wanted, how many packs, and why this one. Pure.

use super::clauses::Clause;
use super::intent::{Because, Candidate, Intent, Line};
use super::mention::Mention;
use super::quantity::{self, Amount};
use super::sentence::Sentence;

impl Sentence<'_> {
    /// The products that the sentence wants: those in a clause, and those that stand alone.
    pub fn wanted_lines(&self) -> Vec<Line> {
        let buys = |m: &Mention| self.inside(m, Intent::Reorder) || self.inside(m, Intent::ListAdd);
        let named = self.mentions.list.iter().any(|m| buys(m) && !self.spared(m));
        // Beside products that are asked for, another counts only where "and" leads to it: "... because I make jam" does not.
        let led = |m: &Mention| {
            m.joined
                || self.tokens[m.span.0.saturating_sub(1)..m.core.0]
                    .iter()
                    .any(|t| self.context.lexicon.joiners.contains(&t.fold))
        };
        self.lines_where(&|m| !self.spared(m) && (!named || buys(m) || led(m)))
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
        let corrects = self.corrected_by(amount.start);
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
        if counts_others || !(asked || times || corrects || amount.has_unit() || self.alone(amount)) {
            return None;
        }
        let before = lines.iter().rposition(|(l, at)| *at < amount.start && (corrects || !l.qty_spoken));
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
        self.context.lexicon.templates[clause.template].depletes
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
