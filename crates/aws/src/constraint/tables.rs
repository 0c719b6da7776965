//! The macros that turn generated tables into types.

/// Named rules, one for each constrained shape of the model.
macro_rules! rules {
    ($($name:ident = $rule:expr;)*) => {
        $(pub(in super::super) static $name: Rule = $rule;)*
    };
}

/// Structures that requests have inside.
macro_rules! structure {
    ($($name:ident { $($field:ident: $type:ty = $how:ident($member:literal, $rule:expr);)* })*) => {$(
        #[derive(Debug, Clone)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl crate::constraint::Structure for $name {
            fn read(reader: &mut crate::constraint::Reader, at: &crate::query::Scope<'_>) -> Option<Self> {
                let _ = (&reader, at);
                // All members are read before the first problem ends it, so that every problem is told.
                $(let $field = reader.$how(at, $member, $rule);)*
                Some(Self { $($field: $field?,)* })
            }
        }
    )*};
}

/// Whole inputs of operations.
macro_rules! input {
    ($($name:ident $members:tt)*) => {$(
        crate::constraint::structure! { $name $members }

        impl $name {
            /// Reads and checks the input.
            ///
            /// # Errors
            /// All constraints that do not hold, or the first parameter that is not the operation's.
            pub fn parse(
                params: &crate::query::Params,
            ) -> Result<Self, crate::constraint::InvalidRequest> {
                crate::constraint::parse(params)
            }
        }
    )*};
}

/// Structures of answers, written in the model's member order.
macro_rules! output {
    ($($name:ident $(($operation:literal))? { $($field:ident: $type:ty = $member:literal;)* })*) => {$(
        #[derive(Debug, Clone)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        crate::constraint::written! { $name { $($field = $member;)* } }

        $(impl crate::output::Output for $name {
            const OPERATION: &'static str = $operation;
        })?
    )*};
}

/// Writes a structure that is declared elsewhere.
macro_rules! written {
    ($($name:ident { $($field:ident = $member:literal;)* })*) => {$(
        impl crate::output::WriteXml for $name {
            fn write_members(&self, xml: &mut crate::xml::XmlWriter) {
                let _ = &xml;
                $(crate::output::WriteXml::write(&self.$field, xml, $member);)*
            }
        }
    )*};
}

/// All operations of a service, with their inputs.
macro_rules! operations {
    ($service:literal: $($name:ident($input:ident) $built:literal;)*) => {
        /// An operation of the service.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($name,)*
        }

        impl Operation {
            /// All of them, by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The operation with this name, in exactly this spelling.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The name, as `Action` has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The action that it needs, which has its name (AWS Service Authorization Reference), such as `iam:CreateRole`.
            pub const fn action(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($service, ":", stringify!($name)),)*
                }
            }

            /// Whether this version carries it out; the others answer `InvalidAction` once they are authorized.
            pub const fn is_built(self) -> bool {
                match self {
                    $(Self::$name => $built,)*
                }
            }
        }

        /// A well-formed request of the service.
        #[derive(Debug, Clone)]
        pub enum Request {
            $($name($input),)*
        }

        impl Request {
            /// Reads and checks the input of an operation.
            ///
            /// # Errors
            /// All constraints that do not hold, or the first parameter that is not the operation's.
            pub fn parse(
                operation: Operation,
                params: &crate::query::Params,
            ) -> Result<Self, crate::constraint::InvalidRequest> {
                match operation {
                    $(Operation::$name => $input::parse(params).map(Self::$name),)*
                }
            }

            /// The action that it needs, such as `iam:CreateRole`.
            pub const fn action(&self) -> &'static str {
                self.operation().action()
            }

            /// The operation that is asked for.
            pub const fn operation(&self) -> Operation {
                match self {
                    $(Self::$name(_) => Operation::$name,)*
                }
            }
        }
    };
}

pub(crate) use {input, operations, output, rules, structure, written};
