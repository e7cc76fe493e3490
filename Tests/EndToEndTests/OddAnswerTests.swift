// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// One odd answer of the store costs what it was given to, and the record says so.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(OddAnswers.self), .timeLimit(.minutes(9)))
    struct OddAnswerTests {
        @Test(arguments: [
            (418, "short and stout", "status 418: short and stout"),
            (
                413,
                "<html><head><title>413 Request Entity Too Large</title></head><body><hr>nginx</body></html>",
                "status 413: 413 Request Entity Too Large nginx"
            ),
            (
                403,
                "<Error><Code>AccessDenied</Code><Message>Bucket size quota is reached</Message></Error>",
                "status 403 AccessDenied: Bucket size quota is reached\n"
            ),
        ])
        func `what is refused for one part costs that disk, and is told in the store's words`(
            status: Int, body: String, words: String
        ) async throws {
            let made = try Arranged.as(OddAnswers.self)
            made.proxy.inject(
                .answer(status: status, body: body), method: "PUT", target: "partNumber=2", times: 1)

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 3, "\(backup)")
            #expect((backup.text + "\n").contains(words), "\(backup)")
            #expect(backup.text.contains("hint: perhaps: "), "\(backup)")
            let record = try await made.record(backup.run)
            #expect(
                record.disks
                    == [
                        "vertica large": "failed", "vertica small": "ok", "amanda-server etc": "ok",
                    ], "\(record)")
            #expect(try await made.verdict(backup.run) == "partial")
        }

        @Test func `a self-backup that is refused keeps nobody from its record`() async throws {
            let made = try Arranged.as(OddAnswers.self)
            made.proxy.inject(
                .error(status: 403, code: "InvalidAccessKeyId"), method: "PUT",
                target: "node01/amanda-server/", times: 999)

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 3, "\(backup)")
            let record = try await made.record(backup.run)
            #expect(
                record.disks["vertica large"] == "ok" && record.disks["vertica small"] == "ok", "\(record)")
            #expect(record.errors.contains { $0.contains("InvalidAccessKeyId: said the proxy") }, "\(record)")
        }

        @Test func `data that the store refuses for good keeps neither self-backup nor record`() async throws
        {
            let made = try Arranged.as(OddAnswers.self)
            made.proxy.inject(
                .error(status: 403, code: "InvalidAccessKeyId"), method: "PUT", target: "node01/vertica/",
                times: 999)

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 3, "\(backup)")
            let record = try await made.record(backup.run)
            #expect(record.disks["amanda-server etc"] == "ok" && record.errors.count == 1, "\(record)")
        }

        @Test func `one odd answer to record and manifest costs neither`() async throws {
            let made = try Arranged.as(OddAnswers.self)
            made.proxy.inject(.answer(status: 418), method: "PUT", target: "nodes/node01.json", times: 1)
            made.proxy.inject(.answer(status: 418), method: "PUT", target: "manifest.json", skip: 1, times: 1)

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 0, "\(backup)")
            #expect(try await made.verdict(backup.run) == "complete")
        }

        @Test(.long)
        func `a manifest that the store does not take is told with its verdict, and watch writes it`()
            async throws
        {
            let made = try Arranged.as(OddAnswers.self)
            made.proxy.inject(
                .answer(status: 418), method: "PUT", target: "manifest.json", skip: 1, times: 99)

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 6, "\(backup)")
            #expect(backup.text.contains("complete, 2/2 nodes complete"), "\(backup)")
            let hint = try #require(backup.text.firstMatch(of: /hint: '(amfleet watch (\d{14}))'/))
            let run = String(hint.2)
            #expect(try await made.verdict(run) == "running")
            let watch = try await made.amfleet("watch", run)
            #expect(watch.exit == 0, "\(watch)")
            #expect(try await made.verdict(run) == "complete")
        }

        @Test(.long) func `an old run whose manifest the store does not take keeps nobody from tonight's`()
            async throws
        {
            let made = try Arranged.as(OddAnswers.self)
            made.proxy.inject(
                .answer(status: 418), method: "PUT", target: "manifest.json", skip: 1, times: 99)
            let lost = try await made.amfleet("backup")
            made.proxy.clear()
            let run = String(try #require(lost.text.firstMatch(of: /amfleet watch (\d{14})/)).1)
            made.proxy.inject(.answer(status: 418), method: "PUT", target: "\(run)/manifest.json", times: 99)

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 0, "\(backup)")
            #expect(
                backup.errors.contains("run \(run) has lost its coordinator and cannot be judged"),
                "\(backup)")
            #expect(try await made.amfleet("watch", run).exit == 0)
        }

        @Test(.long) func `one 530 where a volume is emptied fails no run`() async throws {
            let made = try Arranged.as(OddAnswers.self)
            for _ in 0..<3 { #expect(try await made.amfleet("backup").exit == 0) }
            let seen = made.proxy.requests.count
            made.proxy.inject(.answer(status: 530), method: "DELETE", target: "/node01/vertica/")
            made.proxy.inject(.answer(status: 530), method: "POST", target: "?delete")

            let backup = try await made.amfleet("backup")
            made.proxy.clear()

            #expect(backup.exit == 0, "\(backup)")
            let asked = made.proxy.requests.dropFirst(seen)
            #expect(
                asked.contains {
                    $0.hasPrefix("DELETE ") && $0.contains("/node01/vertica/") || $0.contains("?delete")
                }, "nothing was emptied: \(Array(asked))")
        }
    }
}
