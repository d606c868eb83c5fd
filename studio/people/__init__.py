"""What testers are asked, told and owed: the policy, their data, what they say, the ledger."""
