import admin from './admin.json';
import common from './common.json';
import devices from './devices.json';
import enter from './enter.json';
import failures from './failures.json';
import home from './home.json';
import inbox from './inbox.json';
import messages from './messages.json';
import plan from './plan.json';
import sandbox from './sandbox.json';
import settings from './settings.json';
import usage from './usage.json';
import webhooks from './webhooks.json';

export default {
  admin,
  common,
  devices,
  enter,
  failures,
  home,
  inbox,
  messages,
  plan,
  sandbox,
  settings,
  usage,
  webhooks,
};
