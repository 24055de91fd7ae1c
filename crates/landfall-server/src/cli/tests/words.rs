//! Commands of the documents, as words.

/// The words of every `landfall ...` command in a piece of shell, quotes taken away.
pub(super) fn commands(shell: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for words in sentences(&shell.replace("\\\n", " ")) {
        // Variables may be set before the command.
        let at = words.iter().position(|word| !is_setting(word));
        let words = at.map(|at| words[at..].to_vec()).unwrap_or_default();
        if words.first().is_some_and(|word| word == "landfall") {
            found.push(words);
        }
    }
    found
}

fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !name.is_empty() && name.chars().all(plain)
    })
}

/// Simple commands of a shell text, each as words: quotes, comments, separators and redirections as far as
/// the documents use them.
fn sentences(shell: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let (mut quote, mut comment, mut ends) = (None, false, false);
    for c in shell.chars() {
        if comment {
            comment = c != '\n';
            ends = !comment;
        } else if let Some(open) = quote {
            match c == open {
                true => quote = None,
                false => word.get_or_insert_default().push(c),
            }
            continue;
        } else {
            match c {
                '\'' | '"' => {
                    quote = Some(c);
                    word.get_or_insert_default();
                    continue;
                }
                '#' if word.is_none() => comment = true,
                '|' | ';' | '&' | '>' | '<' | '(' | ')' | '\n' => ends = true,
                c if c.is_whitespace() => {}
                c => {
                    word.get_or_insert_default().push(c);
                    continue;
                }
            }
        }
        words.extend(word.take());
        if std::mem::take(&mut ends) && !words.is_empty() {
            all.push(std::mem::take(&mut words));
        }
    }
    words.extend(word);
    if !words.is_empty() {
        all.push(words);
    }
    all
}

/// Commands that stand in the running text of a page, in backticks.
pub(super) fn mentioned(text: &str) -> Vec<Vec<String>> {
    let mut fenced = false;
    let mut plain = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            plain.push_str(line.trim());
            plain.push(' ');
        }
    }
    let spans = plain.split('`').skip(1).step_by(2);
    spans
        .filter(|span| span.starts_with("landfall "))
        .flat_map(commands)
        .collect()
}
