-- Rendered from services/topology.ts by `npm run render`.
-- For compose's Postgres, at its first start: a database and a role for each service, so that none reads another's
-- tables. (`npm start` does the same in playground/provide/databases.ts.) The passwords are no secret, see
-- compose.yaml.
CREATE ROLE baton_orders LOGIN PASSWORD 'baton_orders';
CREATE ROLE baton_inventory LOGIN PASSWORD 'baton_inventory';
CREATE ROLE baton_payments LOGIN PASSWORD 'baton_payments';
CREATE ROLE baton_shipping LOGIN PASSWORD 'baton_shipping';
CREATE ROLE baton_notifications LOGIN PASSWORD 'baton_notifications';
CREATE ROLE baton_analytics LOGIN PASSWORD 'baton_analytics';
CREATE DATABASE baton_orders OWNER baton_orders;
CREATE DATABASE baton_inventory OWNER baton_inventory;
CREATE DATABASE baton_payments OWNER baton_payments;
CREATE DATABASE baton_shipping OWNER baton_shipping;
CREATE DATABASE baton_notifications OWNER baton_notifications;
CREATE DATABASE baton_analytics OWNER baton_analytics;
REVOKE CONNECT ON DATABASE baton_orders, baton_inventory, baton_payments, baton_shipping, baton_notifications, baton_analytics FROM PUBLIC;
