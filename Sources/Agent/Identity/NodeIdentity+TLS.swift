// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import FoundationEssentials
import TLS

extension NodeIdentity {
    /// What the agent shows and believes on the connections that come from now on.
    init(_ tls: TLSServerContext) {
        let (facts, authorities) = (tls.certificateFacts, tls.authorities)
        self.init(
            serial: facts.serial, notBefore: Date(timeIntervalSince1970: Double(facts.notBefore)),
            notAfter: Date(timeIntervalSince1970: Double(facts.notAfter)),
            authorities: authorities?.authorities.map(\.fingerprint) ?? [],
            issuer: authorities?.issuer(of: facts)?.fingerprint)
    }
}
