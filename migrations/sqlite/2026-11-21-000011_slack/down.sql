DROP TABLE oauth_states;
DROP TABLE slack_holds;
DROP TABLE alert_cards;
DROP TABLE held_messages;
DROP TABLE installations;
