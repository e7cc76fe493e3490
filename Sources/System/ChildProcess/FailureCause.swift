// SPDX-License-Identifier: Apache-2.0

/// Which line of what a program has said tells why it failed. Takes any number of lines and keeps a few.
///
/// The first that reads like an error is the cause: the last is as a rule what follows from it, such as tar's `Exiting with failure
/// status due to previous errors`. Where none does, the first that is neither a warning nor such a summary; that is a guess, as
/// programs say what they like.
public struct FailureCause: Sendable {
    private var error: String?
    private var statement: String?
    private var chatter: String?
    private var count = 0

    /// Nothing has been said.
    public init() {}

    /// All lines of a text.
    public init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) { take(String(line)) }
    }

    /// One line, without its end.
    public mutating func take(_ line: String) {
        let small = line.lowercased()
        guard small.contains(where: { !$0.isWhitespace }) else { return }
        if small.hasPrefix("warning") || Self.chatter.contains(where: small.contains) {
            chatter = chatter ?? line
            return
        }
        count += 1
        if error == nil, Self.errorWords.contains(where: small.contains) { error = line }
        statement = statement ?? line
    }

    /// The cause, clean and of a bounded length, and how many messages more there are; nil: the program has said nothing.
    public var text: String? {
        guard let cause = error ?? statement ?? chatter else { return nil }
        let more = max(0, count - 1)
        return Self.clean(cause) + (more > 0 ? " (and \(more) more message\(more == 1 ? "" : "s"))" : "")
    }

    /// On one line, without what a terminal would obey, and without its middle where it is long: a program's reason stands at the
    /// end, behind the name of a file.
    public static func clean(_ line: String) -> String {
        let scalars = line.unicodeScalars.drop { $0 == " " }.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                "?"
            default: scalar
            }
        }
        guard scalars.count > longestLine else { return String(String.UnicodeScalarView(scalars)) }
        let (head, tail) = (scalars.prefix(longestLine / 2), scalars.suffix(longestLine / 2))
        return String(String.UnicodeScalarView(head)) + "…" + String(String.UnicodeScalarView(tail))
    }

    static let longestLine = 400

    /// Warnings, and what only follows from something that was said before.
    private static let chatter = [
        ": warning: ", "*** warning", "previous errors", "exiting now", "file changed as we read it",
        "socket ignored",
        "directory is new", "has been renamed from", "not dumped", "removed before we read it",
        "removing leading", "deprecated", "using -iter",
    ]

    private static let errorWords = [
        "cannot", "can't", "could not", "couldn't", "unable", "error", "fail", "fatal", "denied", "no such",
        "not found",
        "invalid", "bad ", "no space", "quota", "unexpected", "corrupt", "refused", "missing",
        "no secret key", "not in ",
        "too ", "killed", "timed out", "wrote only", "unrecognized", "unknown",
    ]
}
