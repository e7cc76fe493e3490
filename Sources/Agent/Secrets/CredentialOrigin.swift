// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

extension UnsealedCredentials {
    /// Where the credentials come from that reach the cluster's store; nil: from a file among `files`, or from an `amanda.conf`, whose
    /// keys are sealed as one (`ChangerCredentials`). By files and environment alone: nobody is asked.
    static func origin(
        _ configurations: [CheckedConfiguration], _ files: [SealedFile]
    ) -> UnsealedCredentials? {
        if configurations.contains(where: { $0.changer?.secretKey != nil }) { return nil }
        let shared = files.filter { $0.kind == .credentials }
            .compactMap { try? SharedFileText(parsing: $0.content, path: $0.path) }
        if shared.contains(where: { (try? $0.keys()) != nil }) { return nil }
        if shared.contains(where: \.runsPrograms) { return .program }
        if SharedFileText.leadToKeys(shared) { return nil }
        return switch CredentialChain.surrounding() {
        case .environment: .environment
        case .webIdentity: .webIdentity
        case .container: .container
        case .instance: .instance
        }
    }
}
