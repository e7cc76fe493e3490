// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// What became of one sealed file on the node that a restore went to. Never what is in it.
public struct RestoredSecret: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable, CaseIterable {
        case restored
        /// It was there already, just so.
        case same
        /// Another one is there, which stays.
        case kept
        /// Another one was there; a copy of it is.
        case replaced
        /// It is not for this machine, or lies where nothing is put back without the operator's word.
        case leftOut
        case failed
        /// Of a newer agent.
        case other

        public init(from decoder: any Decoder) throws {
            self = State(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
        }
    }

    public var path: String
    public var kind: SealedFile.Kind
    public var state: State
    /// Why, or where the copy is.
    public var reason: String?

    public init(path: String, kind: SealedFile.Kind, state: State, reason: String? = nil) {
        self.path = path
        self.kind = kind
        self.state = state
        self.reason = reason
    }

    /// What to do about it; nil: nothing.
    public var hint: String? {
        switch state {
        case .kept:
            kind == .encryption
                ? "what was encrypted with the sealed one cannot be read without it: '--overwrite-keys' puts it back and keeps a copy."
                : "what is there is used, and may stay as long as it works: '--overwrite-keys' replaces it and keeps a copy."
        case .leftOut where kind == .encryption: "'--accept-key \(path.shellWord)' puts it back all the same."
        default: nil
        }
    }
}
