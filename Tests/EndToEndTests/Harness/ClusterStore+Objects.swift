// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What tests look up in the bucket, and put there, past every proxy. With `curl`, which signs as S3 wants it: a second less each time than
/// the AWS command line takes to begin.
extension ClusterStore {
    /// Every key under `prefix`.
    func keys(_ prefix: String) async throws -> [String] {
        var keys: [String] = []
        var token: String?
        repeat {
            // Sorted, as the signature has them.
            let from = token.map { "continuation-token=\(Self.encoded($0))&" } ?? ""
            let page = try await successful(query: "\(from)list-type=2&prefix=\(Self.encoded(prefix))")
            keys += Self.texts("Key", in: page)
            token = Self.texts("NextContinuationToken", in: page).first
        } while token != nil
        return keys
    }

    /// Keys of the uploads that are open in the whole bucket.
    func openUploads() async throws -> [(key: String, id: String)] {
        let page = try await successful(query: "uploads=")
        return zip(Self.texts("Key", in: page), Self.texts("UploadId", in: page)).map { ($0, $1) }
    }

    /// Waits for an open upload under `prefix` that has at least one part stored, and returns its key.
    func firstStoredPart(under prefix: String, within limit: Duration = .hang) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            for upload in try await openUploads() where upload.key.hasPrefix(prefix) {
                if try await storedParts(key: upload.key, id: upload.id) > 0 { return upload.key }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CommandError.never("a part stored under \(prefix)", limit)
    }

    /// How many parts of an open upload are stored.
    func storedParts(key: String, id: String) async throws -> Int {
        let listed = try await curl("/\(Self.bucket)/\(key)?uploadId=\(Self.encoded(id))")
        return listed.exit == 0 ? Self.texts("PartNumber", in: listed.output).count : 0
    }

    /// A small object's text; nil: there is none.
    func text(of key: String) async throws -> String? {
        let answer = try await curl("/\(Self.bucket)/\(key)", ["--write-out", "\\n%{http_code}"])
        let lines = answer.output.split(separator: "\n", omittingEmptySubsequences: false)
        switch lines.last {
        case "200": return lines.dropLast().joined(separator: "\n")
        case "404": return nil
        default: throw CommandError.failed(answer)
        }
    }

    /// One of the cluster's own documents, by its name below `_amfleet/`; empty: there is none.
    func document(_ name: String) async throws -> [String: Any] {
        let text = try await text(of: "\(TestCluster.prefix)/_amfleet/\(name)") ?? "{}"
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    /// Changes such a document behind everybody's back.
    func changeDocument(_ name: String, _ change: (inout [String: Any]) -> Void) async throws {
        var object = try await document(name)
        change(&object)
        let text = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        try await putObject(text, "\(TestCluster.prefix)/_amfleet/\(name)")
    }

    /// Keeps an object, whatever is in it.
    func fetch(_ key: String, to file: String) async throws {
        let got = try await curl("/\(Self.bucket)/\(key)", ["--output", file])
        guard got.exit == 0 else { throw CommandError.failed(got) }
    }

    func put(file: String, _ key: String) async throws {
        let put = try await curl("/\(Self.bucket)/\(key)", ["--upload-file", file])
        guard put.exit == 0 else { throw CommandError.failed(put) }
    }

    /// Damages an object in its middle; the store keeps it as if it had come so.
    func flipByte(of key: String) async throws {
        let file = "\(FileManager.default.temporaryDirectory.path)/amfleet-object-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await fetch(key, to: file)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        try await put(file: file, key)
    }

    /// Puts a small object there, as somebody would who has no business to.
    func putObject(_ text: String, _ key: String) async throws {
        let file = "\(FileManager.default.temporaryDirectory.path)/amfleet-object-\(UUID().uuidString)"
        try write(text, to: file)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await put(file: file, key)
    }

    func removeObject(_ key: String) async throws {
        let gone = try await curl("/\(Self.bucket)/\(key)", ["--request", "DELETE"])
        guard gone.exit == 0 else { throw CommandError.failed(gone) }
    }

    private func successful(query: String) async throws -> String {
        let answer = try await curl("/\(Self.bucket)?\(query)")
        guard answer.exit == 0 else { throw CommandError.failed(answer) }
        return answer.output
    }

    private func curl(_ target: String, _ options: [String] = []) async throws -> CommandResult {
        try await command(
            [
                try Machine.path(of: "curl"), "--silent", "--show-error", "--fail-with-body", "--noproxy",
                "*",
                "--config", curlSettings,
            ] + options + [serverEndpoint + target])
    }

    private static func encoded(_ text: String) -> String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
    }

    /// What stands in elements of that name.
    private static func texts(_ element: String, in xml: String) -> [String] {
        xml.components(separatedBy: "<\(element)>").dropFirst().map { part in
            let text = part.components(separatedBy: "</\(element)>")[0]
            return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&amp;", "&")]
                .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
        }
    }
}
