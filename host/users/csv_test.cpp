// SPDX-License-Identifier: Apache-2.0
#include "host/users/csv.hpp"

#include <gmock/gmock.h>

#include "host/users/test_directory.hpp"

namespace sallyport::users {
namespace {

using testing::HasSubstr;

constexpr const char* kHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

class Csv : public store::TestFolder {
 protected:
  std::string refusal(std::string_view text) {
    const auto imported = import_csv(directory_, "admin", text);
    if (imported) return "taken";
    EXPECT_EQ(directory_.user_count().value(), 0U) << "nothing of it stayed";
    return imported.error().detail;
  }
  std::string exported(bool hashes) { return export_csv(directory_, hashes, "").value().csv; }
  Directory directory_ = std::move(Directory::open_file(folder_ / "users.db").value());
};

TEST_F(Csv, BringsUsersAndTheirGroups) {
  const std::string text = std::string("name,full_name,role,enabled,groups,password_hash\r\n") +
                           "alice,\"Adams, Alice \"\"A\"\"\",administer,yes,staff;night," + "\"" + kHash + "\"\r\n" +
                           "bob,,,no,,\r\n\r\n";
  const auto count = import_csv(directory_, "admin", text).value();
  EXPECT_EQ(count.added, 2U);
  EXPECT_EQ(directory_.user("alice").value(),
            (User{"alice", "Adams, Alice \"A\"", Role::kAdminister, true, {"night", "staff"}}));
  EXPECT_EQ(directory_.user("bob").value(), (User{"bob", "", {}, false, {}}));
  EXPECT_EQ(directory_.credential("alice", CredentialKind::kPassword).value(), kHash);
}

TEST_F(Csv, ChangesUsersThatAreThereAndKeepsTheirPasswords) {
  import_csv(directory_, "admin", std::string("name,password_hash\nalice,\"") + kHash + "\"\n").value();
  const auto count = import_csv(directory_, "admin", "full_name,name\nAlice,alice\nBob,bob\n").value();
  EXPECT_EQ(count.added, 1U);
  EXPECT_EQ(count.changed, 1U);
  EXPECT_EQ(directory_.user("alice").value().full_name, "Alice");
  EXPECT_EQ(directory_.credential("alice", CredentialKind::kPassword).value(), kHash);
}

TEST_F(Csv, LeavesAsItIsWhatItHasNoColumnFor) {
  import_csv(directory_, "admin", "name,full_name,role,enabled,groups\nalice,Alice,operate,no,night;staff\n").value();
  import_csv(directory_, "admin", "name\nalice\n").value();
  EXPECT_EQ(directory_.user("alice").value(), (User{"alice", "Alice", Role::kOperate, false, {"night", "staff"}}));
  import_csv(directory_, "admin", "name,groups\nalice,day\n").value();
  EXPECT_EQ(directory_.user("alice").value(), (User{"alice", "Alice", Role::kOperate, false, {"day"}}));
  import_csv(directory_, "admin", "name,full_name,role,enabled,groups\nalice,,,yes,\n").value();
  EXPECT_EQ(directory_.user("alice").value(), (User{"alice", "", {}, true, {}}))
      << "an empty field says that it is empty";
}

TEST_F(Csv, MayBeginWithAByteOrderMark) {
  EXPECT_EQ(import_csv(directory_, "admin", "\xef\xbb\xbfname\r\nalice\r\n").value().added, 1U);
}

TEST_F(Csv, ComesBackAsItWasWritten) {
  const std::string text = std::string("name,full_name,role,enabled,groups,password_hash\n") +
                           "\"alice\",\"Adams, \"\"A\"\"\",administer,yes,\"night;staff\",\"" + kHash + "\"\n" +
                           "\"bob\",\"Bob\nBuilder\",,no,\"\",\n";
  import_csv(directory_, "admin", text).value();
  EXPECT_EQ(exported(true), text);
  EXPECT_THAT(exported(false), testing::Not(HasSubstr("argon2id")));
}

TEST_F(Csv, NamesTheLineThatIsWrongAndTakesNothing) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("full_name\nAlice\n"), HasSubstr("'name'"));
  EXPECT_THAT(refusal("name,shoe_size\nalice,37\n"), HasSubstr("no such column 'shoe_size'"));
  EXPECT_THAT(refusal("name,name\nalice,bob\n"), HasSubstr("twice"));
  EXPECT_THAT(refusal("name\nalice\nbob,Bob\n"), HasSubstr("line 3: 2 fields"));
  EXPECT_THAT(refusal("name\nalice\nal ice\n"), HasSubstr("line 3: name 'al ice'"));
  EXPECT_THAT(refusal("name,role\nalice,king\n"), HasSubstr("line 2: no such role 'king'"));
  EXPECT_THAT(refusal("name,enabled\nalice,true\n"), HasSubstr("line 2: enabled is 'yes' or 'no'"));
  EXPECT_THAT(refusal("name,groups\nalice,a b\n"), HasSubstr("line 2: group name 'a b'"));
  EXPECT_THAT(refusal("name,password_hash\nalice,secret\n"), HasSubstr("line 2: a password hash must be argon2id"));
  EXPECT_THAT(refusal("name\nalice\n\"bob\n"), HasSubstr("line 3"));
}

TEST_F(Csv, CountsTheLinesOfTheFile) {
  EXPECT_THAT(refusal("name\n\nalice\n \nal ice\n"), HasSubstr("line 5: name 'al ice'")) << "blank ones too";
  EXPECT_THAT(refusal("name\r\n\r\nalice\r\nal ice\r\n"), HasSubstr("line 4: name 'al ice'"));
  EXPECT_THAT(refusal("name,full_name\nalice,\"two\nlines\"\nal ice,\"two\nlines\"\n"), HasSubstr("line 4: name"))
      << "a user stands where the line begins";
  EXPECT_THAT(refusal("name\nalice\n\"bob\ncarol\n"), HasSubstr("line 3"));
}

TEST_F(Csv, TellsWhatIsWrongWithAQuote) {
  for (const char* wrong :
       {"name,full_name\nalice,A\"B\n", "name,full_name\nalice,\"A\"B\n", "name,full_name\nalice,\"A\n"}) {
    EXPECT_EQ(refusal(wrong), "line 2: a '\"' in a field must be written twice, and the field between two of them")
        << wrong;
  }
}

TEST_F(Csv, TakesManyUsersInOneGo) {
  std::string text = "name,groups\n";
  for (int i = 0; i < 5000; ++i) text += "user" + std::to_string(i) + ",everybody\n";
  EXPECT_EQ(import_csv(directory_, "admin", text).value().added, 5000U);
  EXPECT_EQ(directory_.members("everybody").value().size(), 5000U);
  EXPECT_EQ(directory_.verify_audit().value().number, 2U) << "one group, one import";
}

}  // namespace
}  // namespace sallyport::users
