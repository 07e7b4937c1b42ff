-- One database a role and region: roles never read one another's.
CREATE DATABASE users;
CREATE DATABASE keys;
CREATE DATABASE cloud_au;
CREATE DATABASE cloud_de;
