// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// One node of a cluster on this machine: everything it owns lies in one folder.
///
///     <directory>/etc/amanda/<configuration>   Amanda's files          <directory>/data    what is backed up
///     <directory>/agent                        agent.json, identity    <directory>/state   the agent's own
///     <directory>/sandbox                      what the agent and stock Amanda have instead of this machine's own
final class ClusterNode: Sendable {
    let name: String
    let directory: String
    let store: StoreAccess
    let port: Int
    let sandbox: AmandaSandbox
    private let agent = Mutex<(program: RunningProgram?, starts: Int)>((nil, 0))

    init(name: String, directory: String, store: StoreAccess, port: Int) throws {
        self.name = name
        self.directory = directory
        self.store = store
        self.port = port
        sandbox = try AmandaSandbox(
            "\(directory)/sandbox", configurations: "\(directory)/etc/amanda")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try write(
            "amgtar:gnutar_path=/usr/bin/tar\n", to: "\(directory)/etc/amanda-security.conf")
    }

    var data: String { "\(directory)/data" }
    var state: String { "\(directory)/state" }
    var amandaDirectory: String { "\(directory)/etc/amanda" }
    var settings: String { "\(directory)/agent/agent.json" }
    var pid: Int32? { agent.withLock { $0.program?.pid } }
    var log: String { agent.withLock { $0.program?.text } ?? "" }

    func directory(of configuration: String) -> String { "\(amandaDirectory)/\(configuration)" }

    /// Writes a configuration's `amanda.conf`, disklist and empty tapelist, owned by Amanda's user.
    func configure(_ plan: ConfigurationPlan, disks: [String]) async throws {
        let directory = directory(of: plan.name)
        try await configure(
            plan.name, text: plan.text(node: name, directory: directory, store: store),
            disklist: disks.map { "localhost \($0) archive\n" }.joined())
    }

    /// Writes a configuration as given, however wrong.
    func configure(_ configuration: String, text: String, disklist: String) async throws {
        let directory = directory(of: configuration)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write(text, to: "\(directory)/amanda.conf")
        try write(disklist, to: "\(directory)/disklist")
        try write("", to: "\(directory)/tapelist")
        try await script("chown -R backup:backup \"$1\"; chmod 750 \"$1\"; chmod 600 \"$1\"/*", [directory])
    }

    /// Starts the agent, by a program that starts it if one is given, and returns once it listens.
    func start(through starter: [String] = []) async throws {
        let starts = agent.withLock { agent in
            agent.starts += 1
            return agent.starts
        }
        let program = try RunningProgram(
            sandbox.command(
                starter + ["\(Machine.programs)/amfleetd", "--config", settings], asRoot: true),
            environment: Self.noCredentials, output: "\(directory)/agent-\(starts)")
        agent.withLock { $0.program = program }
        try await eventually("the agent of \(name) listens: \(program.text)") {
            guard program.isRunning else { throw CommandError.failed(try await program.end(within: .zero)) }
            return program.text.contains("listening on")
        }
    }

    /// SIGTERM, as systemd would; it must leave by itself.
    @discardableResult
    func stop() async throws -> CommandResult? {
        guard let program = agent.withLock({ $0.program }) else { return nil }
        program.send(SIGTERM)
        let result = try await program.end()
        agent.withLock { $0.program = nil }
        return result
    }

    /// SIGKILL.
    func kill() async {
        await agent.withLock { $0.program }?.kill()
        agent.withLock { $0.program = nil }
    }

    /// What a disaster takes: data, Amanda's directories and the agent's state. The identity stays.
    func wipe() throws {
        for path in [data, state, "\(directory)/etc"] where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// The tests' own credentials and proxies must not stand in for the ones under test.
    static let noCredentials = [
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "HOME": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true", "http_proxy": "", "HTTP_PROXY": "", "https_proxy": "",
        "HTTPS_PROXY": "",
    ]
}

/// Writes a small text file.
func write(_ text: String, to path: String, mode: Int = 0o644) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
}
