// SPDX-License-Identifier: Apache-2.0

/// Something that is worth a look and keeps nothing from going on.
public struct Remark: Codable, Hashable, Sendable, CustomStringConvertible {
    public var place: FaultPlace?
    /// What it is about, where several remarks can say the same of different things: a parameter, a directory.
    public var subject: String?
    /// What is said of it. The same words for the same thing, whatever node and subject.
    public var text: String
    /// What to do, in the imperative, where somebody must; nil: nothing, or of an older agent.
    public var hint: String?

    public init(place: FaultPlace? = nil, subject: String? = nil, _ text: String, hint: String? = nil) {
        self.place = place
        self.subject = subject
        self.text = text
        self.hint = hint
    }

    /// `file:line: subject: text`, without what is not there.
    public var description: String { lead(place, headless) }

    /// The remark without its place.
    public var headless: String { subject.map { "\($0): \(text)" } ?? text }
}
