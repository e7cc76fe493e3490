// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The oracle: Amanda's own programs, run as Amanda's user on one node's configuration, in the node's sandbox: they take a
/// configuration only by its name under `/etc/amanda`, and there lies the node's folder.
final class StockAmanda: Sendable {
    let configuration: String
    let node: ClusterNode
    let work: String
    let preload: String

    /// A configuration's name that no report holds by chance.
    static func newName(_ kind: String) -> String { "amfleet-\(kind)" }

    /// Makes what lets Amanda send a PUT.
    init(_ configuration: String, of node: ClusterNode, work: String) async throws {
        self.configuration = configuration
        self.node = node
        self.work = work
        preload = "\(work)/shim.so"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        try await script(Self.prepare, [work, CurlShim.source])
    }

    /// Takes its files away.
    func remove() {
        try? FileManager.default.removeItem(atPath: work)
    }

    /// `amadmin CONF find`: one line a dump.
    func find() async throws -> String {
        try await run(["amadmin", configuration, "find"])
    }

    /// `amtape CONF inventory`: one line a slot.
    func inventory() async throws -> String {
        try await run(["amtape", configuration, "inventory"])
    }

    /// `amfetchdump -p`: the dump's archive, as a file.
    ///
    /// - Parameter filterGrumbles: as for `dump`; amfetchdump ends with 1 then, after the last byte.
    func fetchDump(
        _ disk: String, run datestamp: String = "", filterGrumbles: Bool = false
    ) async throws -> String {
        try await archive(
            ["amfetchdump", "-p", configuration, "localhost", "^\(disk)$", datestamp],
            accepting: filterGrumbles ? [0, 1] : [0])
    }

    /// `amrestore -p` from a volume: the archive of the one dump part on it that belongs to `disk`.
    func restore(_ disk: String, slot: String) async throws -> String {
        try await restore(disk, volumeText(slot: slot))
    }

    /// The same from a volume in a directory.
    func restore(_ disk: String, directory: String) async throws -> String {
        try await restore(disk, "define device volume {\n    tapedev \"file:\(directory)\"\n}\n")
    }

    private func restore(_ disk: String, _ volume: String) async throws -> String {
        let directory = node.directory(of: "\(configuration)-volume")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write(volume, to: "\(directory)/amanda.conf")
        return try await archive([
            "amrestore", "-p", "--config", "\(configuration)-volume", "volume", "localhost", disk,
        ])
    }

    /// `amdump`: stock Amanda backs up. It needs the shim: its way of sending a PUT is not libcurl's any more.
    ///
    /// - Parameter filterGrumbles: a filter writes to its standard error though nothing is wrong, as `amcrypt-ossl` does
    ///   with a current openssl: Amanda calls the dump strange, and keeps it.
    func dump(filterGrumbles: Bool = false) async throws {
        let listDirectory = "\(node.directory(of: configuration))/gnutar-lists"
        try await script("install -d -o backup -g backup -m 770 \"$1\"", [listDirectory])
        let result = try await command(
            inSandbox(["amdump", configuration], preload: preload), directory: "/")
        guard result.exit == 0 || (filterGrumbles && result.exit == Self.strangeExit) else {
            throw CommandError.failed(result)
        }
    }

    private static let strangeExit: Int32 = 2

    /// Writes an archive's files below a new folder, with everything that tar can give back.
    func unpack(_ archive: String) async throws -> String {
        let target = "\(work)/tree-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try await successful([
            "/usr/bin/tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", target, "-xpf",
            archive,
        ])
        return target
    }

    /// Unpacks the archives of a chain over one another, each deleting what it does not list.
    func unpackChain(_ archives: [String]) async throws -> String {
        let target = "\(work)/tree-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for archive in archives {
            try await successful([
                "/usr/bin/tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", target,
                "--listed-incremental=/dev/null", "-xpGf", archive,
            ])
        }
        return target
    }

    private func archive(_ arguments: [String], accepting exits: [Int32] = [0]) async throws -> String {
        let output = "\(work)/archive-\(UUID().uuidString.prefix(8))"
        let program = try RunningProgram(
            inSandbox(arguments.filter { !$0.isEmpty }), directory: "/", output: output)
        let result = try await program.end(readsOutput: false)
        guard exits.contains(result.exit) else { throw CommandError.failed(result) }
        return "\(output).out"
    }

    func run(_ arguments: [String], preload: String? = nil) async throws -> String {
        try await successful(try inSandbox(arguments, preload: preload), directory: "/")
    }

    /// What starts one of Amanda's programs as Amanda's user.
    func inSandbox(_ arguments: [String], preload: String? = nil) throws -> [String] {
        let environment = preload.map { ["/usr/bin/env", "LD_PRELOAD=\($0)"] } ?? []
        return try node.sandbox.command(
            environment + [Machine.path(of: arguments[0])] + arguments.dropFirst())
    }

    private func volumeText(slot: String) -> String {
        let store = node.store
        return """
            tapetype S3
            define tapetype S3 {
                length 500 gigabytes
                blocksize 10 megabytes
            }
            define device volume {
                tapedev "s3:\(store.bucket)/\(store.prefix)/\(node.name)/\(configuration)/\(slot)"
                device-property "S3_HOST" "\(store.host)"
                device-property "S3_SSL" "NO"
                device-property "S3_SUBDOMAIN" "NO"
                device-property "S3_ACCESS_KEY" "\(store.accessKey)"
                device-property "S3_SECRET_KEY" "\(store.secretKey)"
            }

            """
    }
}

extension StockAmanda {
    private static let prepare = """
        chmod 755 "$1"
        printf '%s\\n' "$2" >"$1/shim.c"
        gcc -shared -fPIC -O2 -o "$1/shim.so" "$1/shim.c" -ldl
        """
}
