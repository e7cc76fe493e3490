// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import S3

@Suite struct S3ErrorTests {
    private let call = S3Call(
        action: "UploadPart", endpoint: "https://s3.example.com", bucket: "backups", key: "node01/f1",
        credentialsOrigin: "environment", requestID: "4711")

    @Test func `says what was refused, on what, and which permission to give to whom`() {
        #expect(
            "\(S3Error.accessDenied(call))" == """
                S3 refused UploadPart of 'node01/f1' in bucket 'backups' at https://s3.example.com (request 4711)
                hint: perhaps: allow s3:PutObject on arn:aws:s3:::backups/node01/f1 to the credentials from environment.
                """)
    }

    @Test func `says by how much the clock is off`() {
        #expect(
            "\(S3Error.clockSkew(call, seconds: -1200))" == """
                S3 refused the signature of UploadPart of 'node01/f1' in bucket 'backups' at https://s3.example.com: this node's clock is 1200 s behind (request 4711)
                hint: start chronyd or systemd-timesyncd on this node, then run it again.
                """)
    }

    @Test func `tells an http server from an authority that is not believed`() {
        let plain = S3Error.untrusted(call, reason: "error:0A00010B:SSL routines::wrong version number")
        #expect("\(plain)".contains("hint: the store seems to speak plain http there"))
        let foreign = S3Error.untrusted(call, reason: "self-signed certificate in certificate chain")
        #expect("\(foreign)".contains("hint: name in storage.authority the PEM file"))
    }

    @Test func `says which part arrived changed`() {
        #expect(
            "\(S3Error.corruptPart(call, part: 3, sent: "CRC-32C AAAAAA==", stored: "CRC-32C BBBBBB=="))"
                == """
                part 3 of 'node01/f1' arrived changed at https://s3.example.com: sent CRC-32C AAAAAA==, stored CRC-32C BBBBBB== (request 4711)
                hint: test this machine's memory and whatever lies between here and the store.
                """)
    }

    @Test func `every error has a text of its own without the case's name`() {
        let errors: [S3Error] = [
            .invalidLocation("x is no y"), .noCredentials(lookedIn: ["a"]),
            .invalidCredentials(origin: "o", reason: "r"), .accessDenied(call), .invalidAccessKey(call),
            .signatureMismatch(call), .clockSkew(call, seconds: 1), .expiredToken(call), .noSuchBucket(call),
            .wrongRegion(call, expected: nil), .notFound(call), .noSuchUpload(call),
            .preconditionFailed(call),
            .slowDown(call, attempts: 2), .unavailable(call, attempts: 2),
            .unreachable(call, reason: "r", attempts: 2), .untrusted(call, reason: "r"),
            .corruptPart(call, part: nil, sent: "s", stored: "t"),
            .corruptObject(call, expected: "e", received: "r"), .changesOnTheWay(call, readings: 5),
            .wrongLength(call, expected: 1, actual: 2),
            .tooLong(call, limit: 1), .completionFailed(call, reason: "r"),
            .malformedAnswer(call, reason: "r"),
            .refused(call, status: 400, code: "Odd"),
        ]
        let texts = errors.map { "\($0)" }
        #expect(Set(texts).count == texts.count)
        #expect(!texts.contains("S3 failed"))
        for text in texts {
            #expect(text.first?.isUppercase == false || text.hasPrefix("S3"))
        }
    }

    @Test func `refusals and outages are told apart for the exit code`() {
        #expect(S3Error.noSuchBucket(call).kind == .storageRefused)
        #expect(S3Error.unreachable(call, reason: "", attempts: 1).isUnreachable)
        #expect(S3Error.notFound(call).kind == .damaged)
    }
}
