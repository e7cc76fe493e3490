// SPDX-License-Identifier: Apache-2.0

import NearestName

/// Takes one JSON object apart field by field, and knows which of its keys were asked for.
///
/// ```swift
/// var settings = try SettingsReader(parsing: bytes, file: "cluster.json")
/// let cluster = try settings.string("cluster")
/// var storage = try settings.object("storage")
/// let bucket = try storage.string("bucket")
/// try storage.finish()
/// try settings.finish()
/// ```
///
/// A value of `null` counts as a wrong type, never as an absent field.
public struct SettingsReader: Sendable {
    /// The file's name, as errors give it.
    public let file: String
    /// Where the object begins.
    let position: JSONPosition
    let path: SettingsPath
    private let members: [JSONMember]
    /// Keys asked for so far, whether or not they are there.
    private var knownKeys: [String] = []

    /// Reads a whole file, whose outermost value must be an object.
    public init(parsing bytes: [UInt8], file: String) throws(SettingsError) {
        try self.init(StrictJSON.value(of: bytes, file: file), path: SettingsPath(), file: file)
    }

    /// Reads a whole file, whose outermost value must be an object.
    public init(parsing text: String, file: String) throws(SettingsError) {
        try self.init(parsing: Array(text.utf8), file: file)
    }

    init(_ value: JSONValue, path: SettingsPath, file: String) throws(SettingsError) {
        guard case .object(let members) = value.content else {
            throw .wrongType(
                file: file, value.position, path: path.text, expected: "an object", found: value.kind)
        }
        self.file = file
        self.position = value.position
        self.path = path
        self.members = members
    }

    /// The object's keys in order, for objects whose keys are names that the operator chose.
    public var keys: [String] { members.map(\.key) }

    /// Refuses every key that was never asked for, all of them in one error.
    public func finish() throws(SettingsError) {
        let unknown = members.filter { !knownKeys.contains($0.key) }.map { member in
            UnknownSettingsKey(
                position: member.position, path: path.key(member.key).text,
                nearest: nearestName(to: member.key, among: knownKeys))
        }
        guard unknown.isEmpty else { throw .unknownKeys(file: file, unknown) }
    }

    /// An error about the value of `key` that only the caller can find: a name used twice, a bad address.
    ///
    /// - Parameter reason: follows the path in the text: `'nodes[1].name' is used twice`.
    public func badValue(_ key: String, _ reason: String, hint: String? = nil) -> SettingsError {
        .badValue(
            file: file, value(key)?.position ?? position, path: path.key(key).text, reason: reason,
            hint: hint)
    }

    /// The field, noted as known; nil where it is absent.
    mutating func optionalValue(_ key: String) -> JSONValue? {
        knownKeys.append(key)
        return value(key)
    }

    /// What to throw where a required field is absent.
    func missing(_ key: String) -> SettingsError {
        let others = members.map(\.key).filter { !knownKeys.contains($0) }
        return .missing(
            file: file, position, path: path.key(key).text, lookalike: nearestName(to: key, among: others))
    }

    private func value(_ key: String) -> JSONValue? {
        members.first { $0.key == key }?.value
    }
}
