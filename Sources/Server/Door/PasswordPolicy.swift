import Records

/// Which passwords are accepted: long ones, except those that everyone tries first. No other rule (NIST SP 800-63B, 5.1.1.2).
package struct PasswordPolicy: Sendable {
    /// Unicode scalars.
    package var minimum: Int
    package var maximum: Int

    package init(minimum: Int = 12, maximum: Int = 1000) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// What is wrong with a new password; nil when it is fine.
    package func refusal(_ password: String, at pointer: String) -> Problem.FieldError? {
        let length = password.unicodeScalars.count
        if password.unicodeScalars.contains("\0") { return .init(pointer, .format, "A password must not hold U+0000.") }
        if length < minimum { return .init(pointer, .range, "A password has at least \(minimum) characters.") }
        if length > maximum { return .init(pointer, .tooLong, "A password has at most \(maximum) characters.") }
        if CommonPasswords.contain(password) {
            return .init(pointer, .format, "This is one of the passwords that are tried first. A few unrelated words make a good one.")
        }
        return nil
    }
}
