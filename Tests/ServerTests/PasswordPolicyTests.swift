import Testing

@testable import Server

@Suite("Passwords") struct PasswordPolicyTests {
    @Test(
        "The commonest ones are refused",
        arguments: [
            "password1234", "Password1234", "passwordpassword", "PASSWORD2024!", "qwertyuiop12", "qwertyuiop123", "123456789012",
            "1234567890123",
            "012345678901", "987654321098", "aaaaaaaaaaaa", "abcabcabcabc", "121212121212", "iloveyou1234", "administrator", "welcome12345",
            "letmein12345", "1qaz2wsx3edc", "qazwsxedcrfv", "abcdefghijkl", "q1w2e3r4t5y6", "changeme1234", "monkeymonkey", "superman@123",
        ])
    func common(password: String) {
        #expect(PasswordPolicy().refusal(password, at: "/password")?.pointer == "/password")
    }

    @Test(
        "Others of twelve characters or more are accepted, whatever they are made of",
        arguments: [
            "correct horse battery staple", "zwölf Zeichen", "пароль из слов", "aaaaaaaaaaab", "my dog ate 12", "密码密码甲乙丙丁戊己庚辛",
            "Tr0ub4dor&3xyz",
            "            x", String((0..<1000).map { Character(Unicode.Scalar(UInt8(33 + $0 * 7 % 90))) }),
        ])
    func accepted(password: String) {
        #expect(PasswordPolicy().refusal(password, at: "/password") == nil)
    }

    @Test("Too short, too long and NUL are refused; characters are counted, not bytes") func bounds() {
        #expect(PasswordPolicy().refusal("elf Zeichen", at: "/x")?.code == .range)
        #expect(PasswordPolicy().refusal("äöüäöüäöüäö", at: "/x")?.code == .range)
        #expect(PasswordPolicy().refusal(String(repeating: "a b", count: 334), at: "/x")?.code == .tooLong)
        #expect(PasswordPolicy().refusal("correct\0horse battery", at: "/x")?.code == .format)
    }
}
