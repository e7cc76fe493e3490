// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
