// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import HTTPTransport

/// What a peer's alert means for whoever would try again.
@Suite(.timeLimit(.minutes(2)))
struct TLSAlertTests {
    private static let certificateRefused: Set<UInt8> = [42, 43, 44, 45, 46, 48, 49, 116]
    private static let nothingInCommon: Set<UInt8> = [70, 71, 120]

    @Test(arguments: UInt8.min...UInt8.max)
    func `every alert's number has one meaning, and one that nobody knows is a lost connection`(
        number: UInt8
    ) {
        let expected: TLSAlert.Meaning =
            if Self.certificateRefused.contains(number) {
                .certificateRefused
            } else if Self.nothingInCommon.contains(number) {
                .nothingInCommon
            } else {
                .lostConnection
            }
        #expect(TLSAlert(number: number).meaning == expected)
    }

    /// A real client's own handshake against a peer that answers with the bytes of an alert. A close_notify (0) may end it
    /// without one.
    @Test func `libcurl's error for each alert of a peer is told by its number`() async throws {
        let transport = try HTTPTransport()
        let directory = try TemporaryDirectory()
        let authority = try TestAuthority(directory: directory.path).certificatePath
        let proxy = try FaultyProxy(to: 1, mode: .opaque)
        for number in UInt8.min...UInt8.max {
            proxy.answerTLS(alert: number, connections: 1)
            let error = await #expect(throws: HTTPTransportError.self) {
                _ = try await transport.send(
                    HTTPRequest(
                        url: "https://127.0.0.1:\(proxy.port)/", identity: HTTPIdentity(authority: authority))
                )
            }
            let isAsExpected =
                switch error {
                case .tlsPeerRefused(_, let text):
                    Self.certificateRefused.contains(number) && text.contains("alert \(number) (")
                case .tls(_, let text):
                    Self.nothingInCommon.contains(number) && text.contains("alert \(number) (")
                case .cut(_, let received, let text):
                    !Self.certificateRefused.contains(number) && !Self.nothingInCommon.contains(number)
                        && received == 0 && (number == 0 || text.contains("alert \(number)"))
                default: false
                }
            #expect(isAsExpected, "\(number): \(String(describing: error))")
        }
        await transport.shutdown()
    }

    @Test(
        arguments: [
            ("error:0A000438:SSL routines::tlsv1 alert internal error", 80),
            (
                "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
                116
            ),
            ("error:14094438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error", 80),
            ("error:0A0004B0:SSL routines::reason(1200)", 200),
            ("error:0A00010B:SSL routines::wrong version number", nil),
            ("error:0A000126:SSL routines::unexpected eof while reading, errno 0", nil),
            ("error:02000438:rsa routines::no alert", nil), ("error:0A00", nil),
            ("a host called alert.example did not answer", nil),
            ("OpenSSL SSL_connect: SSL_ERROR_SYSCALL", nil),
            ("", nil),
        ] as [(String, UInt8?)])
    func `the number counts, in the form of OpenSSL 3 and of 1_1, and no word does`(
        text: String, number: UInt8?
    ) {
        #expect(TLSAlert(openSSLText: text) == number.map(TLSAlert.init(number:)))
    }

    /// libcurl's own codes: what is not listed, or not yet made, is a connection that was lost.
    @Test(arguments: 1...200 as ClosedRange<UInt32>)
    func `a code that the table lacks is a lost connection`(code: UInt32) {
        let final: Set<UInt32> = [
            // Our own side: URL, memory, options, callbacks, files.
            2, 3, 4, 23, 26, 27, 42, 43, 48, 58, 59, 66, 77, 82, 83, 91,
            // One of the certificates is refused.
            60, 98,
        ]
        let error = HTTPTransportError(
            curlCode: code, url: "https://store", received: 0, isConnected: true, text: "text")
        let isFinal =
            switch error {
            case .tls, .tlsPeerRefused, .tlsPeerUntrusted, .other: true
            default: false
            }
        #expect(isFinal == final.contains(code), "\(error)")
    }

    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `plain http where TLS was wanted is a lost connection, in OpenSSL's words`() async throws {
        let port = try await LocalS3Server.shared().port
        let error = await #expect(throws: HTTPTransportError.self) {
            _ = try await HTTPTransport().send(HTTPRequest(url: "https://127.0.0.1:\(port)/"))
        }
        guard case .cut(_, _, let text) = error, text.contains("wrong version number") else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
