//! The parsed template. Names are split and filters resolved here, once, so that a rendering looks up
//! nothing twice.

use crate::filters::Filter;

/// A sequence of nodes: a template, or what stands inside a block.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) nodes: Vec<Node>,
    /// Nothing in it can print but white space; such a body of a block prints nothing.
    pub(crate) blank: bool,
}

/// One piece of a body.
#[derive(Debug)]
pub(crate) struct Node {
    /// Line of the template, from 1.
    pub(crate) line: u32,
    /// The tag cannot print; neither does its failure, as in Ruby.
    pub(crate) blank: bool,
    pub(crate) kind: NodeKind,
}

/// What a piece is.
#[derive(Debug)]
pub(crate) enum NodeKind {
    Text(Box<str>),
    Output(Output),
    Assign(Box<str>, Output),
    Capture(Box<str>, Body),
    If(Vec<Branch>),
    Case(Expr, Vec<When>),
    For(Box<For>),
    TableRow(Box<TableRow>),
    Cycle(Cycle),
    /// Adds the number to a counter; a positive step prints the value before, a negative one after.
    Count(Box<str>, i8),
    Break,
    Continue,
    IfChanged(Body),
    Partial(Box<Partial>),
    /// A tag of Customer.io whose value the scope holds under `cio`.
    Provided(&'static str),
    /// `{% cio_link url:... %}`.
    Link(Expr),
    Random(Expr),
    Uuid,
    RenderLiquid(Expr),
}

/// An expression and the filters that it goes through.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) head: Expr,
    pub(crate) filters: Vec<FilterCall>,
}

/// One filter with its arguments.
#[derive(Debug)]
pub(crate) struct FilterCall {
    pub(crate) filter: Filter,
    pub(crate) name: Box<str>,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) named: Vec<(Box<str>, Expr)>,
    /// For filters that take an expression as text: the name of the item and the parsed expression.
    pub(crate) predicate: Option<Box<(Box<str>, Condition)>>,
}

/// Something with a value.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Nil,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Box<str>),
    /// The words `blank` and `empty`: tests in a comparison, an empty text elsewhere.
    Blank,
    Empty,
    Path(Box<Path>),
    Range(Box<(Expr, Expr)>),
}

/// A variable and the way into it.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) root: Root,
    pub(crate) segments: Vec<Segment>,
    /// As written, for messages.
    pub(crate) text: Box<str>,
}

/// The start of a path.
#[derive(Debug, Clone)]
pub(crate) enum Root {
    Name(Box<str>),
    /// `[expression]`, whose value is the name.
    Computed(Expr),
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    Key(Box<str>),
    /// `size`, `first` or `last`, unless the value has an attribute of that name.
    Size,
    First,
    Last,
    Index(Expr),
}

/// Comparisons joined by `and` and `or`, each of which binds everything to its right.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) first: Comparison,
    pub(crate) rest: Vec<(Joint, Comparison)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    And,
    Or,
}

/// One comparison, or a lone expression that is true or not.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) left: Expr,
    pub(crate) right: Option<(Operator, Expr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

/// One arm of `if` or `unless`; the first arm of `unless` is negated, `else` has no condition.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) condition: Option<Condition>,
    pub(crate) negated: bool,
    pub(crate) body: Body,
}

/// One `when`, or an `else` without values.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) values: Option<Vec<Expr>>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) variable: Box<str>,
    pub(crate) collection: Expr,
    /// Variable and collection as written: `offset:continue` goes by it, and `forloop.name` prints it.
    pub(crate) name: Box<str>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Offset,
    pub(crate) reversed: bool,
    pub(crate) body: Body,
    pub(crate) otherwise: Option<Body>,
}

#[derive(Debug)]
pub(crate) enum Offset {
    None,
    At(Expr),
    /// Where the last loop over the same collection stopped.
    Continue,
}

#[derive(Debug)]
pub(crate) struct TableRow {
    pub(crate) variable: Box<str>,
    pub(crate) collection: Expr,
    pub(crate) columns: Option<Expr>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Option<Expr>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) struct Cycle {
    pub(crate) group: Group,
    pub(crate) values: Vec<Expr>,
}

/// Which cycles go on together.
#[derive(Debug)]
pub(crate) enum Group {
    Named(Expr),
    /// Without a name: those with the same literal values.
    Same(Box<str>),
}

/// `render` and `include`.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) name: Expr,
    /// `render` sees no variables but its own; `include` shares those of its place.
    pub(crate) isolated: bool,
    pub(crate) with: Option<Expr>,
    pub(crate) each: bool,
    pub(crate) alias: Option<Box<str>>,
    pub(crate) arguments: Vec<(Box<str>, Expr)>,
}
