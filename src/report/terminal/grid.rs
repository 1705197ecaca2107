//! Owns `Grid`: rows of text in columns, some of them headings.
//!
//! Law: widths come from the contents alone, the first column aligned left, the others right, and
//! colours are laid over the finished lines, so that they cannot move a column.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::report::paint::Paint;

/// Rows of text in columns.
#[derive(Debug)]
pub struct Grid {
    rows: Vec<(Kind, Vec<String>)>,
    gap: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Heading,
    Plain,
}

impl Grid {
    /// No rows yet; a text of few columns has narrow gaps.
    pub fn new(width: usize) -> Grid {
        Grid {
            rows: Vec::new(),
            gap: if width < 92 { 1 } else { 2 },
        }
    }

    /// A heading over the rows that follow.
    pub fn heading<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.push(Kind::Heading, cells);
    }

    /// A row; blanks fill what it lacks.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.push(Kind::Plain, cells);
    }

    fn push<T: ToString>(&mut self, kind: Kind, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter().map(|cell| cell.to_string()).collect();
        self.rows.push((kind, cells));
    }

    /// The lines, each ended.
    pub fn render(&self, paint: Paint) -> String {
        let columns = self.rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        for (_, cells) in &self.rows {
            let blanks = std::iter::repeat_n(String::new(), columns - cells.len());
            table.add_row(cells.iter().cloned().chain(blanks).collect::<Vec<_>>());
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding(if index == 0 { (1, 0) } else { (self.gap, 0) });
            if index > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines: Vec<String> = table.lines().collect();
        assert_eq!(lines.len(), self.rows.len(), "cells are single lines");
        let mut out = String::new();
        for (line, (kind, _)) in lines.iter().zip(&self.rows) {
            let line = line.trim_end();
            match kind {
                Kind::Heading => out.push_str(&paint.heading(line)),
                Kind::Plain => out.push_str(line),
            }
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_headings_stand_out() {
        let mut grid = Grid::new(100);
        grid.heading(["Times", "mean"]);
        grid.row(["wait", "12.3 s", "9"]);
        assert_eq!(
            grid.render(Paint::new(false)),
            " Times    mean\n wait   12.3 s  9\n"
        );
        assert!(
            grid.render(Paint::new(true))
                .starts_with("\u{1b}[1m Times    mean\u{1b}[0m\n")
        );
    }
}
