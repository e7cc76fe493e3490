// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The time in which a certificate holds, in seconds since 1970.
public struct CertificateValidity: Sendable, Hashable {
    /// The first second.
    public var notBefore: Int64

    /// The last second.
    public var notAfter: Int64

    /// Seconds by which a certificate begins in the past, for peers whose clock is behind: more than the quarter of an hour from
    /// which S3 refuses their signatures anyway.
    static let clockAllowance: Int64 = 3_600

    /// Exactly this time.
    public init(notBefore: Int64, notAfter: Int64) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// `days` days from now on, beginning an hour ago.
    public init(days: Int) {
        let now = Int64(time(nil))
        self.init(notBefore: now - Self.clockAllowance, notAfter: now + Int64(days) * 86_400)
    }

    /// Ten years, for an authority.
    public static var authority: CertificateValidity { CertificateValidity(days: 3_650) }

    /// Up to 60 days less than `peer`, at random: peers of one day then do not all end on one day.
    public static var spread: CertificateValidity { CertificateValidity(days: Int.random(in: 765...825)) }

    /// 825 days, for a peer. It is what the stricter of TLS clients accept.
    public static var peer: CertificateValidity { CertificateValidity(days: 825) }
}
