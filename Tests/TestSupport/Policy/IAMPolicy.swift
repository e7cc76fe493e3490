// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A policy document as IAM reads it: what an identity may do, and nothing else.
///
/// Only what our documents use is understood. Anything else is an error, never ignored: a condition that nobody evaluates would allow
/// too much.
public struct IAMPolicy: Sendable, Hashable {
    /// One of its statements, of effect `Allow`.
    public struct Statement: Sendable, Hashable {
        /// `s3:GetObject`, or with wildcards.
        public var actions: [String]
        public let resources: [String]
        /// What `StringLike` asks of `s3:prefix`; nil: the statement has no condition.
        public let prefixes: [String]?
    }

    public private(set) var statements: [Statement]

    /// Reads a document in which each of `values` stands for its name.
    public init(parsing text: String, replacing values: [String: String] = [:]) throws {
        let filled = values.reduce(text) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        guard let document = try JSONSerialization.jsonObject(with: Data(filled.utf8)) as? [String: Any],
            document["Version"] as? String == "2012-10-17", Set(document.keys) == ["Version", "Statement"],
            let statements = document["Statement"] as? [[String: Any]]
        else { throw PolicyError("no policy of version 2012-10-17: \(filled)") }
        self.statements = try statements.map(Statement.init)
    }

    /// Several documents of one identity.
    public init(_ policies: [IAMPolicy]) {
        statements = policies.flatMap(\.statements)
    }

    /// Each action of each statement.
    public var permissions: [Permission] {
        statements.flatMap { statement in
            statement.actions.map { Permission(action: $0, statement: statement) }
        }
    }

    /// The same with one permission less.
    public func without(_ permission: Permission) -> IAMPolicy {
        var policy = self
        for index in statements.indices
        where statements[index].resources == permission.resources
            && statements[index].prefixes == permission.prefixes
        {
            policy.statements[index].actions.removeAll { $0 == permission.action }
        }
        return policy
    }

    /// The permission that allows it; nil: there is none, so it is denied.
    func allows(_ demand: S3Demand) -> Permission? {
        for statement in statements {
            guard statement.resources.contains(where: { Wildcard.matches($0, demand.resource) }),
                statement.holds(prefix: demand.prefix),
                let action = statement.actions.first(where: {
                    Wildcard.matches($0.lowercased(), demand.action.lowercased())
                })
            else { continue }
            return Permission(action: action, statement: statement)
        }
        return nil
    }
}

/// One action of one statement.
public struct Permission: Sendable, Hashable, CustomStringConvertible {
    public let action: String
    public let resources: [String]
    public let prefixes: [String]?

    init(action: String, statement: IAMPolicy.Statement) {
        self.action = action
        resources = statement.resources
        prefixes = statement.prefixes
    }

    public var description: String {
        "\(action) on \(resources.map { $0.replacingOccurrences(of: "arn:aws:s3:::", with: "") }.joined(separator: ", "))"
            + (prefixes.map { " (\($0.joined(separator: ", ")))" } ?? "")
    }
}

extension IAMPolicy.Statement {
    fileprivate init(_ object: [String: Any]) throws {
        guard Set(object.keys).isSubset(of: ["Sid", "Effect", "Action", "Resource", "Condition"]),
            object["Effect"] as? String == "Allow", let actions = Self.texts(object["Action"]),
            let resources = Self.texts(object["Resource"])
        else { throw PolicyError("not a statement that is understood: \(object)") }
        self.actions = actions
        self.resources = resources
        guard let condition = object["Condition"] else {
            prefixes = nil
            return
        }
        guard let operators = condition as? [String: [String: Any]], Set(operators.keys) == ["StringLike"],
            let keys = operators["StringLike"], Set(keys.keys) == ["s3:prefix"],
            let prefixes = Self.texts(keys["s3:prefix"])
        else { throw PolicyError("not a condition that is understood: \(condition)") }
        self.prefixes = prefixes
    }

    private static func texts(_ value: Any?) -> [String]? {
        (value as? String).map { [$0] } ?? value as? [String]
    }

    /// A condition on a key that the request does not have is not met.
    fileprivate func holds(prefix: String?) -> Bool {
        guard let prefixes else { return true }
        guard let prefix else { return false }
        return prefixes.contains { Wildcard.matches($0, prefix) }
    }
}

/// Why a policy cannot be enforced.
struct PolicyError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// `*` for any number of characters, `?` for one. Source: "StringLike" in the IAM user guide; actions and resources alike.
enum Wildcard {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        var (place, position, star, resumed) = (0, 0, -1, 0)
        while position < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                (star, resumed) = (place, position)
                place += 1
            } else if place < pattern.count,
                pattern[place] == text[position] || pattern[place] == UInt8(ascii: "?")
            {
                place += 1
                position += 1
            } else if star >= 0 {
                resumed += 1
                (place, position) = (star + 1, resumed)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
