// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Planning

extension VolumeChoice {
    /// What a dry run says of the volume.
    var explanation: String {
        switch kind {
        case .continuing: "goes on with volume '\(label)' in slot '\(slot)'"
        case .reusing(let run):
            "takes volume '\(label)' in slot '\(slot)': its dumps of run \(run) are given up"
        case .neverWritten: "takes volume '\(label)' in slot '\(slot)', which was never written"
        case .new: "labels slot '\(slot)' as new volume '\(label)'"
        }
    }
}
