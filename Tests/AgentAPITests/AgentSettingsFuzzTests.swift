// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import TestSupport
import Testing

@testable import AgentAPI

/// `agent.json` as people and programs leave it: it is read, or refused with its place. A trap would end the test program.
@Suite struct AgentSettingsFuzzTests {
    private static let text = """
        { "format": 1, "node": "node01", "cluster": "demo", "listen": "[::1]:7443",
          "tls": { "authority": "ca.pem", "certificate": "./node01.pem", "privateKey": "/k/node01.key" },
          "storage": { "credentialsFile": "s3-credentials", "authority": "s3.pem", "addressing": "path" },
          "amandaDirectory": "/etc/amanda/", "stateDirectory": "state", "logLevel": "debug" }
        """

    private static func read(_ bytes: [UInt8]) throws(SettingsError) -> AgentSettings {
        try AgentSettings(parsing: bytes, file: "agent.json", directory: "/etc/amfleet")
    }

    @Test func `paths are absolute, and a name is one`() throws {
        let settings = try Self.read(Array(Self.text.utf8))
        #expect(
            settings.tls.certificate == "/etc/amfleet/node01.pem"
                && settings.tls.privateKey == "/k/node01.key")
        #expect(settings.amandaDirectory == "/etc/amanda" && settings.stateDirectory == "/etc/amfleet/state")
        #expect(settings.listen == AgentSettings.ListenAddress(host: "::1", port: 7443))
    }

    @Test func `what is wrong with a setting is said with its name`() throws {
        let tree = try JSONSerialization.jsonObject(with: Data(Self.text.utf8))
        let values: [Any] =
            WireMutation.numbers + WireMutation.texts
            + ["./", ".", "/", "h:0", "[::]:65536", NSNull(), true, [Any](), [String: Any]()]
        var (readCount, refusedCount) = (0, 0)
        for path in WireMutation.paths(tree) where !path.steps.isEmpty {
            let name = path.steps.compactMap { if case .key(let key) = $0 { key } else { nil } }.joined(
                separator: ".")
            for value in values {
                let changed = WireMutation.replacing(tree, at: path.steps[...], with: value) ?? tree
                do throws(SettingsError) {
                    let settings = try Self.read(Self.bytes(changed))
                    readCount += 1
                    let paths = [
                        settings.tls.authority, settings.tls.certificate, settings.tls.privateKey,
                        settings.amandaDirectory, settings.stateDirectory,
                    ]
                    #expect(
                        paths.allSatisfy { $0.utf8.first == UInt8(ascii: "/") && !$0.utf8.contains(0) },
                        "\(path): \(value)")
                } catch {
                    refusedCount += 1
                    if case .syntax = error { continue }
                    #expect("\(error)".contains("'\(name)"), "\(path): \(error)")
                }
            }
        }
        #expect(readCount > 20 && refusedCount > 200)
    }

    private static func bytes(_ tree: Any) -> [UInt8] {
        Array((try? JSONSerialization.data(withJSONObject: tree)) ?? Data())
    }

    @Test func `a file that was damaged is read or refused with its place`() {
        var generator = SeededGenerator(seed: 75)
        let whole = Array(Self.text.utf8)
        var readCount = 0
        for round in 0..<(LongTests.areWanted ? 10_000 : 1_000) {
            let bytes =
                round % 2 == 0
                ? ByteMutation.damaged(whole, using: &generator)
                : ByteMutation.absurd(whole, using: &generator)
            do throws(SettingsError) {
                _ = try Self.read(bytes)
                readCount += 1
            } catch {
                #expect("\(error)".hasPrefix("agent.json"), "\(error)")
            }
        }
        #expect(readCount > 50)
    }
}
